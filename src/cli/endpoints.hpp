// From a URI to a stage.
#pragma once

#include "core/mutex.hpp"
#include "journal/journal.hpp"
#include "logpipe/pipeline.hpp"
#include "logpipe/stage.hpp"
#include "settings.hpp"

#include <map>
#include <memory>
#include <string>

namespace logpipe::cli {

/// What the ends of one process share, as a journal that is open for writing. Any thread.
class shared_resources final {
  public:
    /// The one of that name, made by the first who asks; without `make` none where there is none yet.
    [[nodiscard]] result<std::shared_ptr<shared_resource>> get(
        std::string const& name, std::function<result<std::shared_ptr<shared_resource>>()> const& make);
    /// What is due while nothing is written. A few times a second.
    void tend();

  private:
    mutex mutex_;
    std::map<std::string, std::shared_ptr<shared_resource>> all_ LOGPIPE_GUARDED_BY(mutex_);
};

/// Makes the ends of hops. One thread; it outlives nothing that it makes.
class endpoints final {
  public:
    /// @param shared  outlives it
    /// @param run_id  of line sources; empty = that of --run-id, or a new one
    endpoints(settings const& options, shared_resources& shared, std::string run_id = {});

    /// @return errc::invalid_argument for an unknown scheme or parameter, with those that there are.
    [[nodiscard]] result<std::unique_ptr<source>> make_source(hop_spec const& hop);
    /// @param of  the hop, by whose transform and source it is known what the sink is going to get
    [[nodiscard]] result<std::unique_ptr<sink>> make_sink(std::string const& uri, hop_spec const& of = {});
    /// In the form of that end: original bytes behind a head or headers in a journal or Kafka, JSON elsewhere.
    [[nodiscard]] result<std::unique_ptr<dead_letters>> make_dead_letters(std::string const& uri);
    /// None where the name is empty. @return errc::invalid_argument for an unknown one, with those that there are
    [[nodiscard]] result<std::unique_ptr<transform>> make_transform(std::string const& name);
    /// Opened for writing by the first who asks.
    [[nodiscard]] result<std::shared_ptr<journal::topic>> open_topic(std::string const& folder);

  private:
    [[nodiscard]] end_request request(end_uri uri, option_values const& values);

    settings const& options_;
    shared_resources& shared_;
    std::string run_id_;
};

}  // namespace logpipe::cli
