// Adds up what a view of the page shows, from roll-ups or from documents alike.
#pragma once

#include "logpipe/dashboard.hpp"

#include "text_hash.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace logpipe::store {

/// One request's figures. One thread.
class tally final {
  public:
    /// @param facets  how many there are
    tally(std::size_t facets, std::int64_t bar_minutes) : bar_minutes_{bar_minutes}, fields_(facets) {}

    /// Documents of one status, for the bars and the sum.
    void add_status(std::int64_t minute, std::string_view status, log_counts const& by);
    /// Where there are too many names, those with the least go to the others, as in the roll-ups.
    /// @param missed  what it may have had besides, more (or less: negative) than any value that is among these others
    void add_value(std::size_t facet, std::string_view value, log_counts const& by, std::int64_t missed = 0);
    /// @param missed  the most that one value among them may have had
    void add_others(std::size_t facet, log_counts const& by, std::int64_t missed);

    /// As it is so far.
    void show(std::size_t top_count, log_overview& into) const;

  private:
    struct named {
        log_counts counts;
        std::int64_t missed = 0;  ///< beside `missed` of the field's others

        [[nodiscard]] std::int64_t most() const noexcept {
            return static_cast<std::int64_t>(counts.documents) + missed;
        }
    };
    using values = std::unordered_map<std::string, named, text_hash, std::equal_to<>>;
    struct field_sums {
        values names;
        std::size_t names_bytes = 0;
        log_counts others;
        std::int64_t missed = 0;   ///< the most that one of the others may have, as they were added
        std::int64_t evicted = 0;  ///< and beside that, the most of one that went there from `names`
    };
    void make_room();

    std::int64_t const bar_minutes_;
    std::map<std::int64_t, log_bar> bars_;
    log_bar* last_bar_ = nullptr;  ///< of bars_
    log_counts total_;
    std::vector<field_sums> fields_;  ///< of each facet
    std::size_t names_bytes_ = 0;     ///< of all fields
};

}  // namespace logpipe::store
