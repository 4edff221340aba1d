// From a URI to a stage.
#pragma once

#include "journal/journal.hpp"
#include "logpipe/stage.hpp"
#include "settings.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <string>

namespace logpipe::cli {

/// Makes the ends of one process, and owns what they share, as a journal that is open for writing. One thread.
class endpoints final {
  public:
    /// @param run_id  of line sources; empty = that of --run-id, or a new one
    explicit endpoints(settings const& options, std::string run_id = {});

    /// @return errc::invalid_argument for an unknown scheme or parameter, with those that there are.
    [[nodiscard]] result<std::unique_ptr<source>> make_source(std::string const& uri);
    [[nodiscard]] result<std::unique_ptr<sink>> make_sink(std::string const& uri);
    /// In the form of that end: original bytes behind a head or headers in a journal or Kafka, JSON elsewhere.
    [[nodiscard]] result<std::unique_ptr<dead_letters>> make_letters(std::string const& uri);
    /// Opened for writing by the first who asks.
    [[nodiscard]] result<std::shared_ptr<journal::topic>> open_topic(std::string const& folder);
    /// To be called a few times a second: what is due while nothing is written. From one thread.
    void tend();

    [[nodiscard]] settings const& options() const noexcept { return options_; }
    [[nodiscard]] std::string const& run_id() const noexcept { return run_id_; }

  private:
    [[nodiscard]] result<std::unique_ptr<sink>> make_sink(std::string const& uri, bool for_dead_letters);
    [[nodiscard]] end_request request(end_uri uri, option_values const& values);

    settings const& options_;
    std::string run_id_;
    std::map<std::string, std::shared_ptr<shared_resource>> shared_;
    std::chrono::steady_clock::time_point tended_at_{};
};

/// Where `consume` and `index` put their dead letters.
[[nodiscard]] std::string dead_letters_uri(settings const& options);

}  // namespace logpipe::cli
