// What the Loki sink counts.
#pragma once

#include "push_response.hpp"

#include "logpipe/metric.hpp"

#include <array>

namespace logpipe::loki::metrics {

inline constexpr auto waiting_bytes =
    gauge("waiting_bytes", "Bytes taken from the pump and not yet accepted by Loki.", "pending");
inline constexpr auto throttled_streams =
    gauge("throttled_streams", "Loki streams above Loki's rate limit; they are retried while the others continue.");
inline constexpr auto throttled_lines = gauge("throttled_lines", "Lines of the throttled Loki streams.");
inline constexpr auto streams = gauge("streams", "Loki streams (label sets) in use.", "streams");
inline constexpr auto pushes = counter("pushes_total", "Push requests sent to Loki.");
inline constexpr auto bytes_out = counter("bytes_out_total", "Bytes sent to the peer.");
inline constexpr auto lines_merged = counter(
    "lines_merged_total", "Lines of label sets above --streams-max, sent to Loki as those of service \"other\".");
inline constexpr auto requests_split = counter(
    "requests_split_total", "Push requests sent in parts, because Loki rejected or throttled some of the streams.");

/// In the order of drop_reason.
inline constexpr std::array lines_dropped{
    counter("lines_dropped_too_far_behind_total",
            "Lines rejected by Loki: older than the newest line of their stream by more than it allows."),
    counter("lines_dropped_too_old_total", "Lines rejected by Loki: older than reject_old_samples_max_age."),
    counter("lines_dropped_too_new_total", "Lines rejected by Loki: their time is in the future."),
    counter("lines_dropped_line_too_long_total", "Lines rejected by Loki: longer than max_line_size."),
    counter("lines_dropped_stream_limit_total",
            "Lines rejected by Loki: their stream exceeds the maximum number of streams."),
    counter("lines_dropped_other_total", "Lines rejected by Loki for any other reason."),
};
static_assert(lines_dropped.size() == drop_reason_names.size());

}  // namespace logpipe::loki::metrics
