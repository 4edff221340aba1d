// Which segments of a topic are removed: those that every group has passed, those that are too old, and the oldest
// where room is needed and the options allow it.
#pragma once

#include "core/environment.hpp"
#include "core/log.hpp"
#include "journal/journal.hpp"
#include "receive_clock.hpp"
#include "segment_list.hpp"

#include <cstdint>
#include <span>
#include <string>

namespace logpipe::journal {

/// One thread at a time. The active segment is never removed: the writer closes it first.
class retention final {
  public:
    /// @param segments, clock  outlive it
    retention(environment const& world, journal_options const& options, segment_list& segments, receive_clock& clock);

    /// Whether the limit of age covers what was received then; 0: nothing was.
    [[nodiscard]] bool is_too_old(std::int64_t received_ns) const;
    /// Removes what every group on disk has passed, but for what is to be kept for some time.
    [[nodiscard]] result<> remove_passed();
    /// As before, when one group has moved to `offset`.
    [[nodiscard]] result<> remove_passed(std::uint64_t offset);
    /// Removes closed segments that are too old, read or not.
    [[nodiscard]] result<> remove_too_old();

    enum class step {
        nothing,       ///< nothing may be removed
        removed,       ///< something was
        close_active,  ///< the active segment could be, once it is closed
    };
    /// One step towards room for more.
    /// @param active_is_empty  holds no event; @param end_offset  of the newest event
    struct active_segment {
        bool is_empty = true;
        std::uint64_t end_offset = 0;
    };
    [[nodiscard]] result<step> make_room(active_segment const& active);

    [[nodiscard]] std::uint64_t dropped_events() const noexcept { return dropped_events_; }
    [[nodiscard]] std::uint64_t dropped_segments() const noexcept { return dropped_segments_; }

  private:
    struct removal {
        std::size_t segments = 0;
        std::uint64_t last_cursor = 0;  ///< the least of all groups; 0 without a group
    };
    [[nodiscard]] result<removal> remove_passed_before(std::int64_t before_ns);
    [[nodiscard]] std::int64_t kept_since_ns() const;
    [[nodiscard]] result<> drop_oldest();

    environment const world_;
    journal_options const& options_;
    segment_list& segments_;
    receive_clock& clock_;
    std::uint64_t dropped_events_ = 0;
    std::uint64_t dropped_segments_ = 0;
    log_limit dropped_log_;
};

}  // namespace logpipe::journal
