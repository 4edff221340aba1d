#include "logpipe/event.hpp"

#include "base/assert.hpp"

#include <array>
#include <limits>

namespace logpipe {

namespace {

constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuv";

constexpr auto digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t i = 0; i < digits.size(); ++i)
        values[static_cast<unsigned char>(digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

}  // namespace

void event_id::write_text(char* out) const noexcept {
    // 128 bits in groups of five from the top; the last group has three bits and is filled with zeros (RFC 4648).
    for (unsigned i = 0; i < 12; ++i) out[i] = digits[(high >> (59U - 5U * i)) & 31U];
    out[12] = digits[((high & 15U) << 1U) | (low >> 63U)];
    for (unsigned i = 0; i < 12; ++i) out[13 + i] = digits[(low >> (58U - 5U * i)) & 31U];
    out[25] = digits[(low & 7U) << 2U];
}

std::string event_id::text() const {
    std::string out(text_bytes, '\0');
    write_text(out.data());
    return out;
}

std::optional<event_id> event_id::parse(std::string_view text) noexcept {
    if (text.size() != text_bytes) return std::nullopt;
    event_id id;
    for (std::size_t i = 0; i < text_bytes; ++i) {
        std::uint64_t const value = digit_values[static_cast<unsigned char>(text[i])];
        if (value > 31) return std::nullopt;
        if (i < 12) {
            id.high = (id.high << 5U) | value;
        } else if (i == 12) {
            id.high = (id.high << 4U) | (value >> 1U);
            id.low = value & 1U;
        } else if (i < 25) {
            id.low = (id.low << 5U) | value;
        } else {
            if ((value & 3U) != 0) return std::nullopt;
            id.low = (id.low << 3U) | (value >> 2U);
        }
    }
    return id;
}

event_counts& event_counts::operator+=(event_counts const& other) noexcept {
    in += other.in;
    indexed += other.indexed;
    already_there += other.already_there;
    dead += other.dead;
    return *this;
}

std::size_t batch::bytes() const noexcept {
    return records.capacity() + documents.capacity() + events.capacity() * sizeof(event);
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
