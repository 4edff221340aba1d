// The metrics of a process, its pumps and every stage: what `/metrics` serves of each process, and the tables of
// docs/reference/metrics.md. Those of an end stand beside the end (logpipe/metric.hpp).
#pragma once

#include <array>
#include <string_view>

namespace logpipe::status {

/// With the whole name, as it is served.
struct served_metric {
    std::string_view name;
    std::string_view type;  ///< "gauge", "counter", "histogram"
    std::string_view labels{};
    std::string_view help;
};

namespace metrics {

inline constexpr served_metric build_info{"logpipe_build_info", "gauge", "version, subcommand",
                                          "Always 1; the labels name the program's version and subcommand."};
inline constexpr served_metric ready{"logpipe_ready", "gauge", "", "1 while the process does its work, as /readyz."};
inline constexpr served_metric draining{"logpipe_draining", "gauge", "",
                                        "1 while the process finishes what it has read before it ends."};
inline constexpr served_metric up{"logpipe_up", "gauge", "", "1 while no stage is down."};
inline constexpr served_metric ledger{
    "logpipe_ledger_events", "gauge",
    "term: in, indexed, duplicates, dead, dropped, routed, in_flight, taken, tombstones, gaps, expired",
    "What became of all events of the process, durable across restarts."};
inline constexpr served_metric ledger_difference{
    "logpipe_ledger_difference_events", "gauge", "",
    "The ledger's term in minus all other terms; anything but 0 means that an event is missing or duplicated."};
inline constexpr served_metric ledger_in{
    "logpipe_ledger_in_events", "gauge", "by: runs, retries",
    "Of the ledger's term in, since the process started: events of /produceEventsToPipeline, and of dead letters that "
    "were retried by it."};
inline constexpr served_metric start_time{"process_start_time_seconds", "gauge", "",
                                          "Start of the process, in seconds since the Unix epoch."};
inline constexpr served_metric cpu_time{"process_cpu_seconds_total", "counter", "",
                                        "User and system time of all threads of the process."};
inline constexpr served_metric resident_memory{"process_resident_memory_bytes", "gauge", "",
                                               "Resident memory of the process."};

inline constexpr served_metric memory_held{"logpipe_memory_held_bytes", "gauge", "holder",
                                           "Memory of what was taken in and not let go, by who holds it."};
inline constexpr served_metric memory_held_max{
    "logpipe_memory_held_bytes_max", "gauge", "",
    "Bound of all holders' bytes, from --memory-max; above it clients and sources wait."};
inline constexpr served_metric memory_waits{"logpipe_memory_waits_total", "counter", "",
                                            "Times that a client or a source began to wait for memory."};

inline constexpr served_metric pump_ledger{"logpipe_pump_ledger_events", "gauge", "pump, term as above",
                                           "What became of the events of one pump, durable across restarts."};
inline constexpr served_metric pump_ledger_difference{
    "logpipe_pump_ledger_difference_events", "gauge", "pump",
    "The pump's ledger term in minus all other terms; anything but 0 means that an event is missing or duplicated."};
inline constexpr served_metric pump_finished{"logpipe_pump_finished", "gauge", "pump",
                                             "1 when the pump's source has ended and everything is safe."};
inline constexpr served_metric pump_backlog{
    "logpipe_pump_backlog_events", "gauge", "pump",
    "Events that wait in the source and were not read yet; absent where the source cannot know (only journals and "
    "Kafka can)."};
inline constexpr served_metric pump_in_events{"logpipe_pump_in_events_total", "counter", "pump",
                                              "Events read from the source."};
inline constexpr served_metric pump_in_bytes{"logpipe_pump_in_bytes_total", "counter", "pump",
                                             "Bytes read from the source."};
inline constexpr served_metric pump_out_bytes{"logpipe_pump_out_bytes_total", "counter", "pump",
                                              "Bytes that the sink made safe."};
inline constexpr served_metric pump_done_events{"logpipe_pump_done_events_total", "counter",
                                                "pump, result: indexed, duplicates, dead, dropped, routed",
                                                "Events that became safe, by their result."};
inline constexpr served_metric pump_retries{"logpipe_pump_retries_total", "counter", "pump",
                                            "Calls of stages that failed and were retried."};
inline constexpr served_metric pump_queued_batches{"logpipe_pump_queued_batches", "gauge", "pump",
                                                   "Batches in the queues between source, transform and sink."};
inline constexpr served_metric pump_queued_batches_max{"logpipe_pump_queued_batches_max", "gauge", "pump",
                                                       "Most batches that the queues between the stages hold."};
inline constexpr served_metric pump_in_flight_bytes{"logpipe_pump_in_flight_bytes", "gauge", "pump",
                                                    "Memory of what was read and what the sink has not taken."};
inline constexpr served_metric pump_in_flight_bytes_max{
    "logpipe_pump_in_flight_bytes_max", "gauge", "pump",
    "Bound of the pump's bytes in flight; while it is reached the source is not read."};
inline constexpr served_metric pump_oldest{
    "logpipe_pump_oldest_seconds", "gauge", "pump",
    "Age of the oldest batch that is not safe yet; it grows while something hangs."};
inline constexpr served_metric pump_safe{"logpipe_pump_safe_seconds", "histogram", "pump",
                                         "Time from when the pump read an event until it was safe."};
inline constexpr served_metric pump_event_age{
    "logpipe_pump_event_age_seconds", "histogram", "pump",
    "Time from when the first durable stage took an event until this pump made it safe; of the last pump the whole "
    "way."};

inline constexpr served_metric stage_up{"logpipe_stage_up", "gauge", "pump, stage",
                                        "0 while the stage cannot work; /readyz has the reason."};
inline constexpr served_metric stage_retries{"logpipe_stage_retries_total", "counter", "pump, stage",
                                             "What the stage had to retry."};

}  // namespace metrics

inline constexpr std::array process_metrics{metrics::build_info,  metrics::ready,
                                            metrics::draining,    metrics::up,
                                            metrics::ledger,      metrics::ledger_difference,
                                            metrics::ledger_in,   metrics::start_time,
                                            metrics::cpu_time,    metrics::resident_memory,
                                            metrics::memory_held, metrics::memory_held_max,
                                            metrics::memory_waits};
inline constexpr std::array pump_metrics{metrics::pump_ledger,
                                         metrics::pump_ledger_difference,
                                         metrics::pump_finished,
                                         metrics::pump_backlog,
                                         metrics::pump_in_events,
                                         metrics::pump_in_bytes,
                                         metrics::pump_out_bytes,
                                         metrics::pump_done_events,
                                         metrics::pump_retries,
                                         metrics::pump_queued_batches,
                                         metrics::pump_queued_batches_max,
                                         metrics::pump_in_flight_bytes,
                                         metrics::pump_in_flight_bytes_max,
                                         metrics::pump_oldest,
                                         metrics::pump_safe,
                                         metrics::pump_event_age};
inline constexpr std::array stage_metrics{metrics::stage_up, metrics::stage_retries};

}  // namespace logpipe::status
