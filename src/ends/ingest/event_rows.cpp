#include "event_rows.hpp"

#include "core/chunk_hash.hpp"

#include <fmt/format.h>

namespace logpipe::ingest {

namespace {

/// On disk and in stores: never changes.
event_id chunk_of(ingest_message const& message) {
    auto const* const kind = message.kind == body_kind::json ? "json" : "lines";
    return chunk_hash(message.tag, fmt::format("ingest/{}/{}", kind, message.key), message.body);
}

}  // namespace

void event_rows::append(ingest_message const& message, batch& into) {
    auto const chunk = chunk_of(message);
    auto const tag = into.tag_index(message.tag);
    std::uint32_t index = 0;
    for (auto const whole : message.events) {
        auto const& row = into.append(tag, chunk.at(index++), message.received_ns, whole.substr(0, event_bytes_max_));
        if (message.kind == body_kind::json)
            put_on_one_line({into.records.data() + row.record_begin, row.record_bytes});
        ++counts_.events;
        if (whole.size() <= event_bytes_max_) continue;
        ++counts_.cut;
        into.reject(static_cast<std::uint32_t>(into.events.size() - 1), "ingest",
                    fmt::format("event over {} bytes", event_bytes_max_));
    }
}

}  // namespace logpipe::ingest
