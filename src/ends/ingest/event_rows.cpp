#include "event_rows.hpp"

#include "core/chunk_hash.hpp"

#include <fmt/format.h>

namespace logpipe::ingest {

/// On disk and in stores: never changes.
event_id request_id(std::string_view tag, body_kind kind, std::string_view key, std::string_view body) {
    auto const* const name = kind == body_kind::json ? "json" : "lines";
    return chunk_hash(tag, fmt::format("ingest/{}/{}", name, key), body);
}

std::size_t portion_of(std::span<std::string_view const> events) noexcept {
    std::size_t bytes = 0;
    std::size_t count = 0;
    while (count < events.size() && count < ingest_message::events_max && bytes < ingest_message::bytes_max)
        bytes += events[count++].size();
    return count;
}

void event_rows::append(ingest_message const& message, batch& into) {
    auto const tag = into.tag_index(message.tag);
    auto index = message.first_id.index();
    for (auto const whole : message.events) {
        auto const& row =
            into.append(tag, message.first_id.at(index++), message.received_ns, whole.substr(0, event_bytes_max_));
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
