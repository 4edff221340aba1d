// What a source of followed files counts, beside what every source of lines does.
#pragma once

#include "lines/metrics.hpp"
#include "logpipe/metric.hpp"

#include <vector>

namespace logpipe::files::metrics {

inline constexpr auto files_open = gauge("files_open", "Files that are open and followed.", "files");
inline constexpr auto backlog_bytes =
    gauge("files_backlog_bytes", "Bytes in the followed files that have not been read yet.", "bytes unread");
inline constexpr auto files_remembered = gauge("files_remembered", "Files whose positions are in the state directory.");
inline constexpr auto files_refused = gauge(
    "files_refused", "Files that are not read: their content is not text, or they cannot be opened; status says why.");
inline constexpr auto files_found = counter("files_found_total", "Files that were followed for the first time.");
inline constexpr auto renames = counter("files_renamed_total", "Followed files that were renamed, as by rotation.");
inline constexpr auto truncations =
    counter("files_truncated_total", "Followed files that were truncated, as by copytruncate; each began again.");
inline constexpr auto copies =
    counter("files_copies_total", "Copies and compressed forms of followed files that were recognised.");
inline constexpr auto lost_bytes =
    counter("files_lost_bytes_total",
            "Bytes that a truncation or a deletion took away before they were read, as far as known.");
inline constexpr auto joined_lines =
    counter("files_joined_lines_total", "Lines that --multiline-start or --join-cut-lines added to the event before.");
inline constexpr auto cut_events =
    counter("files_joined_cuts_total", "Events of joined lines that were cut: they had too many lines or bytes.");

[[nodiscard]] inline std::vector<metric> of_source() {
    auto all = lines::metrics::of_source(lines::metrics::size_bytes);
    all.insert(all.begin(), {files_open, backlog_bytes, files_remembered, files_refused, files_found, renames,
                             truncations, copies, lost_bytes, joined_lines, cut_events});
    return all;
}

}  // namespace logpipe::files::metrics
