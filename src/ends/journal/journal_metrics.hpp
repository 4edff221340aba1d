// What the journal's source and sink count.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::journal::metrics {

// Of both.
inline constexpr auto synced_offset =
    gauge("journal_synced_offset", "First offset of the journal that is not on disk yet: readers may read up to it.");

// Of the sink.
inline constexpr auto bytes = gauge("journal_bytes", "Size of the journal's topic on disk.", "on disk");
inline constexpr auto limit_bytes =
    gauge("journal_limit_bytes",
          "Size that the journal's topic may have: --journal-bytes-max, or less where its disk has less.");
inline constexpr auto segments = gauge("journal_segments", "Files of the journal's topic.");
inline constexpr auto syncs = counter("journal_syncs_total", "Calls of fdatasync by the journal's writer.");
inline constexpr auto duplicate_events =
    counter("journal_duplicate_events_total",
            "Events of chunks that the journal had already; they were acknowledged without being written.");
inline constexpr auto dropped_events =
    counter("journal_dropped_events_total",
            "Oldest events that the journal dropped, read or not, to keep to its limits of size and age.");
inline constexpr auto dropped_segments =
    counter("journal_dropped_segments_total", "Files that the journal removed to keep to its limits.");
inline constexpr auto reserve_bytes =
    gauge("journal_reserve_bytes", "Disk space kept free so that positions can be written when the disk is full.");
inline constexpr auto reserves_released =
    counter("journal_reserves_released_total", "Times that the journal released its reserve to a full disk.");
inline constexpr auto clock_jumps =
    counter("journal_clock_jumps_total",
            "Jumps of the clock by more than an hour; the journal deletes nothing by age for a day after one.");
inline constexpr auto stalled_groups =
    gauge("journal_stalled_groups",
          "Groups with events to read that have not moved for 5 minutes; each keeps the journal's files.");

// Of the source.
inline constexpr auto lag = gauge("journal_lag_events", "Events in the journal that its reader has not committed yet.");
inline constexpr auto read_offset = gauge("journal_read_offset", "Next offset that the journal's reader reads.");
inline constexpr auto committed_offset =
    gauge("journal_committed_offset", "The journal reader's saved position: everything before it is safe downstream.");
inline constexpr auto lost_offsets =
    counter("journal_lost_offsets_total",
            "Offsets of the journal that could not be read: damaged, or removed by a limit before.");

}  // namespace logpipe::journal::metrics
