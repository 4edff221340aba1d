// A sink and a scripted server, as the tests of the sink need them.
#pragma once

#include "logpipe/opensearch.hpp"

#include "support/bulk_script.hpp"
#include "support/forward_ends.hpp"
#include "support/store_events.hpp"

#include <functional>
#include <thread>

namespace logpipe::test {

inline opensearch_sink_options options_for(bulk_script const& server) {
    return {.connection = {.address = server.address()},
            .index = "logs",
            .check_mapping = false,
            .retry_first = 1ms,
            .retry_longest = 5ms,
            .hold_retry = 5ms};
}

/// Looks again and again. @return false after 20 s.
inline bool comes_true(std::function<bool()> const& what) {
    auto const until = std::chrono::steady_clock::now() + 20s;
    while (!what()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(1ms);  // between two looks
    }
    return true;
}

inline double gauge_of(sink const& of, std::string_view name) {
    for (auto const& [key, value] : of.status().gauges)
        if (key == name) return value;
    return -1;
}

inline event_counts total_of(std::vector<batch> const& batches) {
    event_counts total;
    for (auto const& one : batches) total += one.counts;
    return total;
}

/// Writes documents `begin` to `end` and sends them.
inline bool write_documents(sink& to, std::uint64_t begin, std::uint64_t end) {
    auto events = store_batch(begin, end);
    return to.write(events).has_value() && events.empty() && to.flush().has_value();
}

}  // namespace logpipe::test
