#include "large_frame.hpp"

#include "core/crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::journal {

namespace {

// A whole number of rows.
constexpr std::size_t piece_bytes = std::size_t{256} << 10U;
constexpr std::size_t piece_rows = std::size_t{4} << 10U;

}  // namespace

/// @return false where the file ends before
result<bool> large_frame::read(std::uint64_t at, std::span<char> into) const {
    auto const got = from_.read_at(payload_at_ + at, into);
    if (!got) return got.error();
    return *got == into.size();
}

result<bool> large_frame::open(frame_header const& header, std::uint64_t payload_at) {
    header_ = header;
    payload_at_ = payload_at;
    portion_ = {};
    rows_.resize(piece_bytes);
    std::uint64_t const rows_bytes = std::uint64_t{header.event_count} * row_bytes;
    std::uint64_t described = rows_bytes + header.tag_bytes;
    std::uint32_t sum = 0;
    for (std::uint64_t at = 0; at < header.payload_bytes;) {
        auto const piece = std::span{rows_}.first(std::min<std::uint64_t>(piece_bytes, header.payload_bytes - at));
        auto const whole = read(at, piece);
        if (!whole || !*whole) return whole;
        sum = crc32c({piece.data(), piece.size()}, sum);
        for (std::size_t i = 0; i < piece.size() && at + i < rows_bytes; i += row_bytes)
            described += read_row(piece.data() + i).record_bytes;
        at += piece.size();
    }
    if (sum != header.payload_crc || described != header.payload_bytes) return false;
    tag_.resize(header.tag_bytes);
    return read(rows_bytes, tag_);
}

/// Fills rows_ with those of the portion that begins there. @return where it ends
result<large_frame::place> large_frame::read_portion_rows(place const& begin) {
    auto end = begin;
    rows_.clear();
    for (std::size_t bytes = 0; bytes < portion_bytes && end.row < header_.event_count; ++end.row) {
        auto const at = (end.row - begin.row) * row_bytes;
        if (at == rows_.size()) {
            rows_.resize(at + std::min<std::size_t>(piece_rows, header_.event_count - end.row) * row_bytes);
            auto const whole = read(std::uint64_t{end.row} * row_bytes, std::span{rows_}.subspan(at));
            if (!whole) return whole.error();
            if (!*whole) return error{errc::storage_failed, "a frame became shorter while it was read"};
        }
        auto const record_bytes = read_row(rows_.data() + at).record_bytes;
        bytes += row_bytes + record_bytes;
        end.records += record_bytes;
    }
    return end;
}

result<std::uint64_t> large_frame::append_portion(std::uint64_t from_offset, batch& into) {
    auto const skip =
        from_offset > header_.first_offset ? static_cast<std::size_t>(from_offset - header_.first_offset) : 0;
    if (skip < portion_.row) portion_ = {};
    auto end = read_portion_rows(portion_);
    while (end && end->row <= skip) {
        portion_ = *end;
        end = read_portion_rows(portion_);
    }
    if (!end) return end.error();
    auto first = portion_;
    for (; first.row < skip; ++first.row)
        first.records += read_row(rows_.data() + (first.row - portion_.row) * row_bytes).record_bytes;

    auto const begin = into.records.size();
    into.records.resize(begin + (end->records - first.records));
    auto const records_at = std::uint64_t{header_.event_count} * row_bytes + header_.tag_bytes + first.records;
    auto const whole = read(records_at, std::span{into.records}.subspan(begin));
    if (!whole || !*whole) {
        into.records.resize(begin);
        return whole ? error{errc::storage_failed, "a frame became shorter while it was read"} : whole.error();
    }
    std::string_view const rows{rows_.data() + (first.row - portion_.row) * row_bytes,
                                (end->row - first.row) * row_bytes};
    append_rows(header_, rows, first.row, into.tag_index(tag_), begin, into);
    return header_.first_offset + end->row;
}

}  // namespace logpipe::journal
