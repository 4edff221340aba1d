#include "segment_format.hpp"

#include "core/assert.hpp"
#include "core/bytes.hpp"
#include "core/crc32c.hpp"

#include <cstring>
#include <limits>

namespace logpipe::journal {

event_row read_row(char const* from) noexcept {
    return {.time_ns = static_cast<std::int64_t>(load_little<std::uint64_t>(from)),
            .record_bytes = load_little<std::uint32_t>(from + 8),
            .index = load_little<std::uint32_t>(from + 12)};
}

void write_header(frame_header const& header, char* out) noexcept {
    std::memcpy(out, frame_magic.data(), frame_magic.size());
    store_little(out + 4, format_version);
    store_little(out + 6, std::uint16_t{0});
    store_little(out + 8, header.payload_bytes);
    store_little(out + 12, header.event_count);
    store_little(out + 16, header.epoch);
    store_little(out + 24, header.first_offset);
    store_little(out + 32, static_cast<std::uint64_t>(header.received_ns));
    store_little(out + 40, header.chunk.high);
    store_little(out + 48, static_cast<std::uint32_t>(header.chunk.low >> 32U));
    store_little(out + 52, header.tag_bytes);
    store_little(out + 56, header.payload_crc);
    store_little(out + 60, crc32c({out, 60}));
}

void write_row(event_row const& row, char* out) noexcept {
    store_little(out, static_cast<std::uint64_t>(row.time_ns));
    store_little(out + 8, row.record_bytes);
    store_little(out + 12, row.index);
}

std::optional<frame_header> read_header(std::string_view bytes) noexcept {
    if (bytes.size() < header_bytes || !bytes.starts_with(frame_magic)) return std::nullopt;
    char const* const from = bytes.data();
    if (load_little<std::uint32_t>(from + 60) != crc32c(bytes.substr(0, 60))) return std::nullopt;
    if (load_little<std::uint16_t>(from + 4) != format_version || load_little<std::uint16_t>(from + 6) != 0)
        return std::nullopt;

    frame_header header;
    header.payload_bytes = load_little<std::uint32_t>(from + 8);
    header.event_count = load_little<std::uint32_t>(from + 12);
    header.epoch = load_little<std::uint64_t>(from + 16);
    header.first_offset = load_little<std::uint64_t>(from + 24);
    header.received_ns = static_cast<std::int64_t>(load_little<std::uint64_t>(from + 32));
    header.chunk.high = load_little<std::uint64_t>(from + 40);
    header.chunk.low = std::uint64_t{load_little<std::uint32_t>(from + 48)} << 32U;
    header.tag_bytes = load_little<std::uint32_t>(from + 52);
    header.payload_crc = load_little<std::uint32_t>(from + 56);

    auto const described = std::uint64_t{header.event_count} * row_bytes + header.tag_bytes;
    bool const sensible = header.event_count > 0 && described <= header.payload_bytes &&
                          header.payload_bytes <= payload_bytes_max &&
                          header.first_offset <= std::numeric_limits<std::uint64_t>::max() - header.event_count;
    return sensible ? std::optional{header} : std::nullopt;
}

bool payload_is_whole(frame_header const& header, std::string_view payload) noexcept {
    if (payload.size() != header.payload_bytes || crc32c(payload) != header.payload_crc) return false;
    std::uint64_t bytes = std::uint64_t{header.event_count} * row_bytes + header.tag_bytes;
    for (std::size_t i = 0; i < header.event_count; ++i) bytes += read_row(payload.data() + i * row_bytes).record_bytes;
    return bytes == payload.size();
}

void append_rows(frame_header const& header, std::string_view rows, std::size_t first_row, std::uint32_t tag,
                 std::size_t begin, batch& into) {
    LOGPIPE_ASSERT(into.records.size() <= std::numeric_limits<std::uint32_t>::max());
    for (auto offset = header.first_offset + first_row; !rows.empty(); rows.remove_prefix(row_bytes), ++offset) {
        auto const row = read_row(rows.data());
        auto& added = into.events.emplace_back();
        added.id = header.chunk ? header.chunk.at(row.index) : event_id{.high = header.epoch, .low = offset};
        added.time_ns = row.time_ns;
        added.received_ns = header.received_ns;
        added.offset = offset;
        added.record_begin = static_cast<std::uint32_t>(begin);
        added.record_bytes = row.record_bytes;
        added.tag = tag;
        begin += row.record_bytes;
    }
}

std::uint64_t append_portion(frame_header const& header, std::string_view payload, std::uint64_t from_offset,
                             batch& into) {
    LOGPIPE_ASSERT(from_offset < header.end_offset());
    auto const skip = from_offset > header.first_offset ? from_offset - header.first_offset : 0;
    std::size_t const rows_bytes = header.event_count * row_bytes;
    auto const tag = into.tag_index(payload.substr(rows_bytes, header.tag_bytes));
    auto records = payload.substr(rows_bytes + header.tag_bytes);

    std::size_t end = 0;
    std::size_t skipped_bytes = 0;
    std::size_t bytes = 0;
    for (std::size_t portion = 0; end < header.event_count; ++end) {
        if (portion >= portion_bytes) {
            if (end > skip) break;
            portion = 0;
        }
        auto const record_bytes = read_row(payload.data() + end * row_bytes).record_bytes;
        portion += row_bytes + record_bytes;
        (end < skip ? skipped_bytes : bytes) += record_bytes;
    }
    records = records.substr(skipped_bytes, bytes);

    auto const begin = into.records.size();
    into.records.append(records);
    append_rows(header, payload.substr(skip * row_bytes, (end - skip) * row_bytes), skip, tag, begin, into);
    return header.first_offset + end;
}

}  // namespace logpipe::journal
