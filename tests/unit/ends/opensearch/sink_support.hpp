// A sink and a scripted server, as the tests of the sink need them.
#pragma once

#include "formats/normalize.hpp"
#include "opensearch/opensearch.hpp"

#include "support/bulk_script.hpp"
#include "support/looking.hpp"
#include "support/store_events.hpp"

namespace logpipe::test {

using namespace opensearch;
using namespace std::chrono_literals;

inline opensearch::opensearch_sink_options options_for(bulk_script const& server) {
    return {.connection = {.address = server.address()},
            .index = "logs",
            .documents = formats::nginx_mapping().documents,
            .check_mapping = false,
            .retry_first = 1ms,
            .retry_longest = 5ms,
            .probe_longest = 5ms};
}

/// Writes documents `begin` to `end` and sends them.
inline bool write_documents(sink& to, std::uint64_t begin, std::uint64_t end) {
    auto events = store_batch(begin, end);
    return to.write(events).has_value() && events.empty() && to.flush().has_value();
}

}  // namespace logpipe::test
