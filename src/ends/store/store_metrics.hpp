// What the embedded store's sink counts.
#pragma once

#include "logpipe/metric.hpp"

namespace logpipe::store::metrics {

inline constexpr auto pending = gauge(
    "sqlite_pending_documents", "Documents of the embedded store whose transaction is not on disk yet.", "pending");
inline constexpr auto indexed =
    counter("sqlite_indexed_documents_total", "Documents that the embedded store has stored.");
inline constexpr auto duplicates =
    counter("sqlite_duplicate_documents_total", "Documents that the embedded store had already, by their id.");
inline constexpr auto transactions =
    counter("sqlite_transactions_total", "Transactions that the embedded store has committed.");
inline constexpr auto removed =
    counter("sqlite_removed_documents_total",
            "Oldest documents that the embedded store removed, by --store-age-max or --store-rows-max.");
inline constexpr auto clock_jumps =
    counter("sqlite_clock_jumps_total",
            "Jumps of the clock by more than an hour; the embedded store removes nothing by age for a day after one.");

}  // namespace logpipe::store::metrics
