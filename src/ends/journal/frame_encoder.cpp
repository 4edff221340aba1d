#include "frame_encoder.hpp"

#include "core/assert.hpp"
#include "core/crc32c.hpp"

#include <fmt/format.h>

namespace logpipe::journal {

void frame_encoder::begin(batch const& events, std::int64_t received_ns) {
    events_ = &events;
    received_ns_ = received_ns;
    at_ = 0;
    bytes_ = 0;
    parts_.clear();
    meta_.clear();
    meta_.reserve(events.events.size() * (header_bytes + row_bytes));
}

/// One past the last event that goes into the frame that begins at `begin`.
std::size_t frame_encoder::run_end(std::size_t begin) const {
    auto const& rows = events_->events;
    auto const limit = chunk_end(rows, begin);
    std::uint64_t bytes = row_bytes + events_->payload(rows[begin]).size();
    std::size_t end = begin + 1;
    for (; end < limit && bytes < frame_bytes_ && rows[end].received_ns == rows[begin].received_ns; ++end) {
        auto const more = row_bytes + events_->payload(rows[end]).size();
        if (events_->tags.at(rows[begin].tag).size() + bytes + more > payload_bytes_max) break;
        bytes += more;
    }
    return end;
}

/// Records that lie back to back in the batch, as they nearly always do, become one part.
void frame_encoder::add_record(event const& row) {
    auto const record = events_->payload(row);
    auto& last = parts_.back();
    if (last.data() + last.size() == record.data() && parts_.size() > frame_parts_ + 2)
        last = {last.data(), last.size() + record.size()};
    else
        parts_.push_back(record);
    header_.payload_bytes += static_cast<std::uint32_t>(record.size());
}

result<bool> frame_encoder::next() {
    auto const& rows = events_->events;
    while (at_ < rows.size() && rows[at_].rejected) ++at_;
    if (at_ == rows.size()) return false;
    auto const& first = rows[at_];
    std::string_view const tag = events_->tags.at(first.tag);
    auto const end = run_end(at_);
    // run_end() bounds all but the first record and the tag.
    if (std::uint64_t{tag.size()} + events_->payload(first).size() + row_bytes > payload_bytes_max)
        return error{errc::rejected,
                     fmt::format("a record of {} bytes with a tag of {} bytes is too large for the journal",
                                 events_->payload(first).size(), tag.size())};

    header_ = {};
    header_.chunk = first.id ? first.id.at(0) : event_id{};
    header_.received_ns = first.received_ns != 0 ? first.received_ns : received_ns_;
    header_.tag_bytes = static_cast<std::uint32_t>(tag.size());
    header_.payload_bytes = header_.tag_bytes;
    frame_meta_ = meta_.size();
    frame_parts_ = parts_.size();
    meta_.resize(frame_meta_ + header_bytes);
    parts_.emplace_back();  // header and rows, known at the end
    parts_.push_back(tag);
    for (; at_ < end; ++at_) {
        auto const& row = rows[at_];
        if (row.rejected) continue;
        auto const row_at = meta_.size();
        meta_.resize(row_at + row_bytes);
        auto const bytes = static_cast<std::uint32_t>(events_->payload(row).size());
        write_row({.time_ns = row.time_ns, .record_bytes = bytes, .index = row.id.index()}, meta_.data() + row_at);
        add_record(row);
        ++header_.event_count;
        header_.payload_bytes += row_bytes;
    }
    parts_[frame_parts_] = std::string_view{meta_}.substr(frame_meta_);
    header_.payload_crc = crc32c(parts_[frame_parts_].substr(header_bytes));
    for (std::size_t i = frame_parts_ + 1; i < parts_.size(); ++i)
        header_.payload_crc = crc32c(parts_[i], header_.payload_crc);
    return true;
}

void frame_encoder::keep(std::uint64_t epoch, std::uint64_t first_offset) {
    header_.epoch = epoch;
    header_.first_offset = first_offset;
    write_header(header_, meta_.data() + frame_meta_);
    bytes_ += header_.frame_bytes();
    // parts_ points into meta_: it must not have moved.
    LOGPIPE_ASSERT(parts_[frame_parts_].data() == meta_.data() + frame_meta_);
}

void frame_encoder::drop() {
    meta_.resize(frame_meta_);
    parts_.resize(frame_parts_);
}

}  // namespace logpipe::journal
