// Lines on their way to Loki, in the order in which each stream must get them. As a rule all go together, in one lane.
// A stream of which Loki takes no line now (429) or not every line (400) goes in a lane of its own, with a back-off of
// its own, so it holds up no other; once it is taken again it joins the others.
#pragma once

#include "logpipe/stage.hpp"

#include "core/backoff.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::loki {

/// One thread. No I/O; times are given.
class push_lanes final {
  public:
    struct held_batch {
        batch events;
        std::size_t bytes = 0;       // as it was counted when it was taken
        std::size_t lines_open = 0;  // on which Loki has not decided
    };
    struct line {
        std::list<held_batch>::iterator in;
        event const* row = nullptr;
    };
    struct lane {
        std::string stream;  // its labels; empty: the lane of all streams that have none of their own
        std::deque<line> lines;
        std::size_t lines_max = std::numeric_limits<std::size_t>::max();  // of its next request
        steady_time due;                                                  // when that is sent
        std::string reason;                                               // why its lines wait; empty while they do not
        std::optional<steady_time> rejected_at;
        backoff wait{};
    };
    /// The labels of a line; what it gives holds until the next call.
    using stream_of = std::function<std::string const&(line const&)>;

    /// A stream of which lines were rejected goes alone for so long, so that it spoils no request of the others.
    static constexpr std::chrono::minutes alone_after_rejection{1};

    push_lanes(std::size_t request_bytes_max, stream_of stream);

    void add(batch&& events, std::size_t bytes, steady_time now);
    /// When next_due() gives a lane; none while there is no line.
    [[nodiscard]] std::optional<steady_time> due() const;
    /// The lane whose request is the longest overdue; none while there is none.
    [[nodiscard]] lane* next_due(steady_time now);
    /// What goes into its next request: at least one line.
    [[nodiscard]] std::vector<line> next_request(lane const& of) const;

    // What the answer to a request of the first `count` lines of `by` means. A lane that is empty may be gone
    // afterwards.
    void taken(lane& by, std::size_t count, steady_time now);
    /// Loki has taken what its rules allow.
    void rejected(lane& by, std::size_t count, steady_time now);
    /// @return false where that was one line: it never fits, and is settled.
    [[nodiscard]] bool too_large(lane& by, std::size_t count, steady_time now);
    /// They are sent again later, fewer at once; other lanes go on.
    void park(lane& by, std::size_t count, std::string reason, steady_time now);
    /// The next request of the lane has fewer lines than `count`.
    static void send_fewer(lane& by, std::size_t count) noexcept;
    /// The streams of these lines go alone from now on, so that each gets an answer for itself.
    /// @return the lane of the stream where it is only one.
    [[nodiscard]] lane* set_apart(lane& by, std::size_t count, steady_time now);

    /// Batches on whose lines Loki has decided since the last call.
    [[nodiscard]] std::vector<held_batch> finished();

    struct parked_lines {
        std::size_t streams = 0;
        std::size_t lines = 0;
        std::string first;  // its labels and reason
    };
    [[nodiscard]] parked_lines parked() const;

  private:
    using lane_map = std::map<std::string, lane, std::less<>>;  // by labels
    void settle(lane& by, std::size_t count);
    void went_on(lane& by, steady_time now);
    void drop_if_done(lane& by, steady_time now);
    [[nodiscard]] lane& lane_of(std::string const& labels, steady_time now);

    std::size_t const request_bytes_max_;
    stream_of const stream_;
    std::list<held_batch> held_;
    std::vector<held_batch> finished_;
    lane together_;
    lane_map alone_;
};

}  // namespace logpipe::loki
