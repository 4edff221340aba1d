// What a process knows of itself, as values: the ledger, each pump, each stage. `status`, `/metrics`, `/api/status`
// and the page are made from these and from nothing else.
#pragma once

#include "logpipe/latency.hpp"
#include "logpipe/memory.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logpipe {

/// in = indexed + already there + dead + in flight; where a sink makes safe later also + taken; with rules of a mapping
/// also + dropped; with routes also + routed; behind Kafka, where `in` counts offsets, also + skipped + expired.
/// Every term is counted by itself, none is a difference.
struct ledger {
    event_counts counts;
    std::uint64_t in_flight = 0;  ///< held in memory
    std::uint64_t taken = 0;      ///< the sink has them, and they are not safe yet
    passed_offsets passed{};
    // Of `in`, since the process started: what came beside its first stage.
    std::uint64_t by_runs = 0;     ///< of /produceEventsToPipeline
    std::uint64_t by_retries = 0;  ///< of dead letters

    [[nodiscard]] std::uint64_t not_safe() const noexcept { return in_flight + taken; }
    [[nodiscard]] std::int64_t difference() const noexcept;  ///< must be 0
    /// "in 51462 = indexed 51462 + already there 0 + dead 0 + in flight 0"; where there are any, also
    /// " + taken 40", " + dropped 3", " + skipped 8 (2 tombstones, 6 gaps)", " + expired 5", " + routed 200" and
    /// " (of in: 50 by runs, 2 by retries)"
    [[nodiscard]] std::string line() const;
};

struct pump_snapshot {
    std::string name;  ///< "forward", "index", …
    bool finished = false;
    bool source_known = false;  ///< the source was opened; before that `book` says nothing (not in the JSON)
    bool started = false;       ///< both ends were opened (not in the JSON)
    ledger book;                ///< durable figures, this run's included
    std::optional<std::uint64_t> held_before;  ///< of `book`: what the sink held at the start (not in the JSON)
    std::optional<std::uint64_t> backlog;  ///< events that wait in the source, beside those in flight; none: unknown
    std::optional<source_progress> read_progress;  ///< of a source whose input has a known size (not in the JSON)
    event_counts this_run;                         ///< since the process started, for rates
    std::uint64_t bytes_in = 0;                    ///< since the process started
    std::uint64_t bytes_out = 0;
    std::uint64_t retries = 0;
    std::uint64_t queued_batches = 0;  ///< between the stages
    std::uint64_t queued_batches_max = 0;
    std::uint64_t in_flight_bytes = 0;  ///< read, and neither taken nor safe
    std::uint64_t in_flight_bytes_max = 0;
    double oldest_seconds = 0.0;      ///< age of the oldest batch that is not safe yet
    latency_histogram safe_after;     ///< from when the pump read an event until it was safe, since the process started
    latency_histogram age_when_safe;  ///< from `received_ns` until it was safe; events that have none are left out
    std::vector<stage_status> stages;  ///< source, transform, sink, in this order
};

/// An error: data was lost, or an operator is needed.
enum class warning_severity : std::uint8_t { warning, error };

/// A line of the log that an operator should have seen.
struct warning {
    std::int64_t time_ns = 0;
    warning_severity severity = warning_severity::warning;
    std::string message;
};

struct process_snapshot {
    std::string subcommand;
    std::string version;
    std::int64_t pid = 0;
    std::int64_t started_ns = 0;
    bool ready = false;
    bool draining = false;
    ledger book;  ///< of the whole process: what came into its first stage, what left its last
    std::vector<pump_snapshot> pumps;
    std::optional<stage_status> letters;  ///< where dead letters go; none: the process has no such place
    std::vector<warning> warnings;        ///< the newest ones, oldest first
    memory_status memory;
};

/// What waits in its source and what it has read and is not safe.
[[nodiscard]] std::uint64_t waiting_events(pump_snapshot const& pump) noexcept;
/// True when no stage is down.
[[nodiscard]] bool all_up(process_snapshot const& process) noexcept;

}  // namespace logpipe
