// The metrics of the OpenSearch sink.
#pragma once

#include "logpipe/metric.hpp"
#include "net/host_list.hpp"

#include <array>

namespace logpipe::opensearch::metrics {

inline constexpr auto requests_in_flight =
    gauge("requests_in_flight", "_bulk requests sent to OpenSearch without a response yet.", "requests in flight");
inline constexpr auto requests_in_flight_max =
    gauge("requests_in_flight_max", "_bulk requests that may be in flight now, by how busy OpenSearch says it is.");
inline constexpr auto body_bytes_max = gauge("body_bytes_max", "Bytes that a _bulk request may have now.");
inline constexpr auto waiting =
    gauge("waiting_events", "Events that the sink has taken and not made safe yet.", "waiting");
inline constexpr auto retry_queue_events =
    gauge("retry_queue_events", "Documents in the retry queue: OpenSearch failed them while it accepted others.",
          "to be retried");
inline constexpr auto indexed = counter("indexed_events_total", "Documents created in the store.");
inline constexpr auto duplicates =
    counter("duplicate_documents_total", "Documents that the store had already, by their id.");
inline constexpr auto rejected =
    counter("rejected_events_total", "Documents that OpenSearch rejected; each is a dead letter.");
inline constexpr auto requests = counter("requests_total", "_bulk requests to which OpenSearch responded.");
inline constexpr auto request_time =
    counter("request_seconds_total",
            "Time until OpenSearch responded to _bulk requests; divided by requests_total, the mean response time.");
inline constexpr auto retried =
    counter("documents_retried_total", "Documents sent to OpenSearch a second time or more.");
inline constexpr auto bytes_out = counter("bytes_out_total", "Bytes of request bodies sent.");
inline constexpr auto retry_queued =
    counter("retry_queued_events_total",
            "Documents moved to the retry queue because OpenSearch failed them while it accepted others.");
inline constexpr auto retry_queue_bytes = gauge("retry_queue_bytes", "Size of the documents in the retry queue.");
inline constexpr auto probes =
    counter("probes_total", "Documents sent to OpenSearch as probes while the sink was paused.");

inline constexpr auto expired =
    counter("expired_events_total",
            "Documents that were not sent, and count as dropped: their index is older than --index-age-max.");
inline constexpr auto deleted_indices =
    counter("deleted_indices_total", "Indices deleted because all they held was older than --index-age-max.");

inline constexpr std::array all{waiting,
                                requests_in_flight,
                                requests_in_flight_max,
                                body_bytes_max,
                                retry_queue_events,
                                indexed,
                                duplicates,
                                rejected,
                                requests,
                                request_time,
                                retried,
                                bytes_out,
                                retry_queued,
                                retry_queue_bytes,
                                probes,
                                expired,
                                deleted_indices,
                                net::hosts_up,
                                net::hosts_down};

}  // namespace logpipe::opensearch::metrics
