#include "logpipe/event.hpp"

#include "core/assert.hpp"
#include "core/base32.hpp"

#include <array>
#include <cstring>
#include <limits>

namespace logpipe {

void event_id::write_text(char* out) const noexcept {
    // 128 bits in groups of five from the top, two groups at a time; the last group has three bits and is filled with
    // zeros (RFC 4648).
    auto const put = [out](unsigned place, std::uint64_t bits) {
        std::memcpy(out + std::size_t{2} * place, base32_pairs[bits & 1023U].data(), 2);
    };
    for (unsigned i = 0; i < 6; ++i) put(i, high >> (54U - 10U * i));
    put(6, ((high & 15U) << 6U) | (low >> 58U));
    for (unsigned i = 0; i < 6; ++i) put(7 + i, (low << 2U) >> (50U - 10U * i));
}

std::string event_id::text() const {
    std::string out(text_bytes, '\0');
    write_text(out.data());
    return out;
}

std::optional<event_id> event_id::parse(std::string_view text) noexcept {
    if (text.size() != text_bytes) return std::nullopt;
    std::uint64_t seen = 0;  // all bits of all values: one look at the end tells whether there was a strange one
    auto const bits = [&](std::size_t begin, std::size_t count) {
        std::uint64_t sum = 0;
        for (auto i = begin; i < begin + count; ++i) {
            std::uint64_t const value = base32_values[static_cast<unsigned char>(text[i])];
            seen |= value;
            sum = (sum << 5U) | value;
        }
        return sum;
    };
    auto const first = bits(0, 12);
    auto const middle = bits(12, 1);
    auto const second = bits(13, 12);
    auto const last = bits(25, 1);
    if (seen > 31 || (last & 3U) != 0) return std::nullopt;
    return event_id{.high = (first << 4U) | (middle >> 1U), .low = (middle << 63U) | (second << 3U) | (last >> 2U)};
}

event_counts& event_counts::operator+=(event_counts const& other) noexcept {
    in += other.in;
    indexed += other.indexed;
    duplicates += other.duplicates;
    dead += other.dead;
    dropped += other.dropped;
    routed += other.routed;
    return *this;
}

std::size_t batch::bytes() const noexcept {
    return records.capacity() + documents.capacity() + events.capacity() * sizeof(event);
}

std::size_t batch::used_bytes() const noexcept {
    return records.size() + documents.size() + events.size() * sizeof(event);
}

std::uint32_t batch::tag_index(std::string_view tag) {
    for (std::size_t i = tags.size(); i > 0; --i)
        if (tags[i - 1] == tag) return static_cast<std::uint32_t>(i - 1);
    tags.emplace_back(tag);
    return static_cast<std::uint32_t>(tags.size() - 1);
}

event& batch::append(std::uint32_t tag, event_id id, std::int64_t time_ns, std::string_view record) {
    LOGPIPE_ASSERT(records.size() + record.size() <= std::numeric_limits<std::uint32_t>::max());
    auto& row = events.emplace_back();
    row.id = id;
    row.time_ns = time_ns;
    row.record_begin = static_cast<std::uint32_t>(records.size());
    row.record_bytes = static_cast<std::uint32_t>(record.size());
    row.tag = tag;
    records.append(record);
    return row;
}

void batch::reject(std::uint32_t index, std::string_view stage, std::string reason) {
    auto& row = events.at(index);
    LOGPIPE_ASSERT(!row.rejected);
    row.rejected = true;
    rejections.push_back({.event = index, .stage = std::string{stage}, .reason = std::move(reason)});
}

batch batch::copy_of(std::uint32_t index) const {
    auto const& row = events.at(index);
    batch part;
    part.partition = partition;
    part.end_offset = end_offset;
    part.transformed = transformed;
    part.sequence = sequence;
    part.origin = origin;
    auto& copy = part.append(part.tag_index(tags[row.tag]), row.id, row.time_ns, record(row));
    copy.received_ns = row.received_ns;
    copy.offset = row.offset;
    copy.document_bytes = row.document_bytes;
    if (transformed) part.documents = payload(row);
    part.counts.in = 1;
    return part;
}

void batch::drop(std::span<std::uint32_t const> gone) {
    std::vector<std::uint32_t> places(events.size());  // where each one is once they are out
    std::uint32_t kept = 0;
    for (std::uint32_t i = 0; i < events.size(); ++i) {
        places[i] = kept;
        if (!gone.empty() && gone.front() == i) {
            gone = gone.subspan(1);
            continue;
        }
        events[kept++] = events[i];
    }
    LOGPIPE_ASSERT(gone.empty());
    events.resize(kept);
    for (auto& each : rejections) each.event = places[each.event];
}

void batch::clear() noexcept {
    partition = 0;
    end_offset = 0;
    transformed = false;
    sequence = 0;
    tags.clear();
    events.clear();
    records.clear();
    documents.clear();
    rejections.clear();
    counts = {};
    in_flight_bytes = 0;
    origin.clear();
}

std::size_t chunk_end(std::span<event const> events, std::size_t begin) noexcept {
    auto const& first = events[begin];
    std::size_t end = begin + 1;
    for (; end < events.size(); ++end) {
        auto const& row = events[end];
        if (row.tag != first.tag || row.id.at(0) != first.id.at(0)) break;
        if (first.id && row.id.index() <= events[end - 1].id.index()) break;
    }
    return end;
}

}  // namespace logpipe
