// Adds up what a view of the page shows, from roll-ups or from documents alike.
#pragma once

#include "logpipe/dashboard.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace logpipe {

/// One question's figures. One thread.
class tally final {
  public:
    explicit tally(std::int64_t bar_minutes) : bar_minutes_{bar_minutes} {}

    /// Documents of one status, for the bars and the sum.
    void add_status(std::int64_t minute, std::string_view status, log_counts const& by);
    /// Among the others, when there are too many names already.
    void add_value(log_field field, std::string_view value, log_counts const& by);
    void add_others(log_field field, log_counts const& by);

    /// As it is so far.
    void show(std::size_t top_count, log_overview& into) const;

  private:
    struct text_hash {
        using is_transparent = void;
        [[nodiscard]] std::size_t operator()(std::string_view text) const noexcept {
            return std::hash<std::string_view>{}(text);
        }
    };
    using values = std::unordered_map<std::string, log_counts, text_hash, std::equal_to<>>;

    std::int64_t const bar_minutes_;
    std::map<std::int64_t, log_bar> bars_;
    log_bar* last_bar_ = nullptr;  ///< of bars_
    log_counts total_;
    std::array<values, log_field_count> values_;
    std::size_t names_bytes_ = 0;  ///< of values_
    std::array<log_counts, log_field_count> others_{};
};

}  // namespace logpipe
