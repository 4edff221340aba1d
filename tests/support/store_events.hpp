// Batches of documents for a store.
#pragma once

#include "logpipe/stage.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::test {

inline std::string store_document(std::uint64_t number) {
    return fmt::format(
        R"({{"event":{{"remote_ip":"10.0.0.{}","remote_user":"-","request":"GET /downloads/product_{} HTTP/1.1",)"
        R"("response":{},"bytes":{},"referrer":"-","agent":"Wget {}"}},"fields":{{"region":"eu-west-1",)"
        R"("assetid":"{:032x}"}},"time":{}}})",
        number % 250, number % 3, number % 2 == 0 ? 200 : 404, number, number % 5, number, 1000 + number);
}

inline event_id store_id(std::uint64_t number) {
    return {.high = 0x5000000000000000, .low = number};
}

/// Documents `begin` to `end`, one event each, at the offsets of the same numbers.
inline batch store_batch(std::uint64_t begin, std::uint64_t end, std::int64_t received_ns = 1'700'000'000'000'000'000) {
    batch events;
    for (auto number = begin; number < end; ++number) {
        auto& row = events.append(events.tag_index("app.follow"), store_id(number), 0, "{}");
        row.received_ns = received_ns;
        row.offset = number;
        auto const document = store_document(number);
        row.document_begin = static_cast<std::uint32_t>(events.documents.size());
        row.document_bytes = static_cast<std::uint32_t>(document.size());
        events.documents += document;
    }
    events.transformed = true;
    events.end_offset = end;
    events.counts.in = end - begin;
    return events;
}

}  // namespace logpipe::test
