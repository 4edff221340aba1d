// Lines on their way to Loki, in the order in which each stream must get them. As a rule all go together, in one lane.
// A stream of which Loki takes no line now (429) or not every line (400) goes in a separate lane with a separate
// back-off, so it delays no other; once it is accepted it joins the others.
#pragma once

#include "logpipe/stage.hpp"

#include "core/environment.hpp"
#include "core/retry_loop.hpp"

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
    struct pending_batch {
        batch events;
        std::size_t bytes = 0;       // as it was counted when it was taken
        std::size_t lines_open = 0;  // on which Loki has not decided
    };
    struct line {
        std::list<pending_batch>::iterator in;
        event const* row = nullptr;
    };
    struct lane {
        std::string stream;  // its labels; empty: the lane that all other streams share
        std::deque<line> lines;
        std::size_t lines_max = std::numeric_limits<std::size_t>::max();  // of its next request
        steady_time due;                                                  // when that is sent
        std::string reason;  // why Loki does not accept its lines; empty while it does
        std::optional<steady_time> rejected_at;
        retry_loop retry{backoff_options{}, random_number};
    };
    /// The labels of a line; what it gives holds until the next call.
    using stream_of = std::function<std::string const&(line const&)>;

    /// A stream of which lines were rejected goes alone for so long, so that it spoils no request of the others.
    static constexpr std::chrono::minutes isolation_time{1};

    push_lanes(std::size_t request_bytes_max, stream_of stream);

    void add(batch&& events, std::size_t bytes, steady_time now);
    /// When next_due() gives a lane; none while all are empty.
    [[nodiscard]] std::optional<steady_time> due() const;
    /// The lane whose request is the longest overdue; none while there is none.
    [[nodiscard]] lane* next_due(steady_time now);
    /// What goes into its next request: at least one line.
    [[nodiscard]] std::vector<line> next_request(lane const& of) const;

    // What the response to a request of the first `count` lines of `by` means. A lane that is empty may be gone
    // afterwards.
    void taken(lane& by, std::size_t count, steady_time now);
    /// Loki has taken what its rules allow.
    void rejected(lane& by, std::size_t count, steady_time now);
    /// @return false where that was one line: it never fits, and is decided.
    [[nodiscard]] bool too_large(lane& by, std::size_t count, steady_time now);
    /// They are retried later, fewer at once; other lanes continue.
    void throttle(lane& by, std::size_t count, std::string reason, steady_time now);
    /// The next request of the lane has fewer lines than `count`.
    static void send_fewer(lane& by, std::size_t count) noexcept;
    /// The streams of these lines go alone from now on, so that each gets a response for itself.
    /// @return the lane of the stream where it is only one.
    [[nodiscard]] lane* isolate(lane& by, std::size_t count, steady_time now);

    /// Batches on whose lines Loki has decided since the last call.
    [[nodiscard]] std::vector<pending_batch> finished();

    struct throttled_lines {
        std::size_t streams = 0;
        std::size_t lines = 0;
        std::string first;  // its labels and reason
    };
    [[nodiscard]] throttled_lines throttled() const;

  private:
    using lane_map = std::map<std::string, lane, std::less<>>;  // by labels
    void complete(lane& by, std::size_t count);
    void recovered(lane& by, steady_time now);
    void drop_if_done(lane& by, steady_time now);
    [[nodiscard]] lane& lane_of(std::string const& labels, steady_time now);

    std::size_t const request_bytes_max_;
    stream_of const stream_;
    std::list<pending_batch> pending_;
    std::vector<pending_batch> finished_;
    lane shared_;
    lane_map isolated_;
};

}  // namespace logpipe::loki
