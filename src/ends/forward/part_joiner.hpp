// Parts of lines become the lines again, as events of a batch. What cannot be joined is passed on as it came.
//
// Within a chunk that is acked, only the parts that came in it are joined. A chunk's events and ids are then a function
// of its bytes alone, so one that is sent again makes the same, whatever came beside it the first time; and no ack
// waits for a part that its client sends after the ack (Docker's driver with fluentd-request-ack). Without acks nothing
// is sent again: the parts of all such messages are joined, over all connections, as a client may reconnect within a
// line.
#pragma once

#include "event_decoder_counts.hpp"
#include "held_parts.hpp"
#include "json_writer.hpp"
#include "known_keys.hpp"

#include "logpipe/event.hpp"

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace logpipe::forward {

/// A part in a message that is being decoded.
struct found_part {
    message_part part;
    std::string_view record;  ///< msgpack
    std::int64_t time_ns = 0;
    std::uint32_t row = 0;              ///< its event, within a chunk that is acked
    std::uint64_t escaped_strings = 0;  ///< that are counted for it
};

/// Where a message's events go.
struct joined_into {
    batch& events;
    json_writer& records;
    event_decoder_counts& counts;
};

/// One thread. Throws std::bad_alloc; rollback() then.
class part_joiner final {
  public:
    explicit part_joiner(part_limits const& limits, std::uint32_t nesting_max)
        : held_{limits}, nesting_max_{nesting_max} {}

    [[nodiscard]] bool is_on() const noexcept { return held_.limits().timeout.count() > 0; }
    /// Of a message that is acked. A line has the event of its first part.
    void join_within(std::span<found_part const> parts, joined_into const& to);
    /// Of one that is not, whose parts have no events yet.
    void join_across(std::string_view tag, std::span<found_part const> parts, joined_into const& to);
    /// Those whose rest has not come in time.
    void pass_overdue(std::chrono::steady_clock::time_point now, joined_into const& to);
    /// Nothing more comes.
    void pass_all(joined_into const& to);

    void commit(event_decoder_counts& counts) noexcept;
    void rollback() noexcept { held_.rollback(); }

  private:
    void add_event(std::string_view tag, std::int64_t time_ns, std::string_view record, joined_into const& to);
    void add_joined(held_line const& line, joined_into const& to);
    void pass_apart(held_line& line, std::uint64_t& counted, joined_into const& to);
    void write(std::string_view record, event& row, joined_into const& to);

    held_parts held_;
    std::uint32_t const nesting_max_;
    known_keys keys_;
};

}  // namespace logpipe::forward
