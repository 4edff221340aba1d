#include "topic_reader.hpp"

#include "core/log.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::journal {

topic_reader::topic_reader(file_system& files, std::string folder, std::shared_ptr<shared_mark> gaps)
    : files_{files}, folder_{std::move(folder)}, gaps_{std::move(gaps)} {}

void topic_reader::seek(std::uint64_t offset) {
    position_ = offset;
    segment_.reset();
}

result<> topic_reader::read(batch& into, synced_mark const& mark) {
    // One that is done with may have been removed; it takes its room until it is closed.
    if (segment_ && position_ >= mark.offset && segment_->first_offset != mark.segment) segment_.reset();
    while (!into.full() && position_ < mark.offset) {
        if (!segment_) {
            auto const opened = open_at_position(mark);
            if (!opened) return opened.error();
            if (!*opened) {
                lose_until(mark.offset);
                break;
            }
        }
        if (auto updated = update_end(mark); !updated) return updated;
        if (position_ >= segment_->end_offset) {
            segment_.reset();
            continue;
        }
        if (auto stepped = read_step(into); !stepped) return stepped;
    }
    return {};
}

/// @return false when no segment has the position or anything after it.
result<bool> topic_reader::open_at_position(synced_mark const& mark) {
    auto const offsets = list_segments(files_, folder_);
    if (!offsets) return offsets.error();
    auto after = std::ranges::upper_bound(*offsets, position_);
    // Freed or dropped before it was read.
    if (after == offsets->begin() && after != offsets->end() && *after < mark.offset) lose_until(*after++);
    if (after == offsets->begin()) return false;

    open_segment found;
    found.first_offset = *std::prev(after);
    auto opened = files_.open(segment_path(folder_, found.first_offset), file_access::read);
    // Dropped since it was listed.
    if (!opened && opened.error().code == errc::not_found) return open_at_position(mark);
    if (!opened) return opened.error();
    found.from = *std::move(opened);
    found.frames = std::make_unique<segment_reader>(*found.from, std::size_t{1} << 20U);
    segment_ = std::move(found);
    if (auto updated = update_end(mark); !updated) return updated.error();
    if (auto skipped = skip_to_position(); !skipped) return skipped.error();
    return true;
}

/// Where the open segment may be read to. After the safe bytes of the active one may be half-written frames; after the
/// offset in the next segment's name may be frames that were rewritten there.
result<> topic_reader::update_end(synced_mark const& mark) {
    auto& current = *segment_;
    if (current.first_offset == mark.segment) {
        current.end_bytes = mark.bytes;
        current.end_offset = mark.offset;
        return {};
    }
    if (position_ < current.end_offset) return {};
    auto const offsets = list_segments(files_, folder_);
    if (!offsets) return offsets.error();
    auto const next = std::ranges::upper_bound(*offsets, current.first_offset);
    auto const bytes = current.from->bytes();
    if (!bytes) return bytes.error();
    current.end_bytes = *bytes;
    current.end_offset = next == offsets->end() ? mark.offset : std::min(*next, mark.offset);
    return {};
}

/// Jumps over frames before the position by their headers.
result<> topic_reader::skip_to_position() {
    auto& frames = *segment_->frames;
    while (true) {
        auto const step = frames.next(segment_->end_bytes, read_depth::headers);
        if (!step) return step.error();
        if (*step == segment_step::frame && frames.header().end_offset() <= position_) continue;
        frames.rewind(frames.step_begin());
        return {};
    }
}

result<> topic_reader::read_step(batch& into) {
    auto& frames = *segment_->frames;
    if (segment_->in_frame) return read_portion(into);
    auto const step = frames.next(segment_->end_bytes);
    if (!step) return step.error();
    if (*step == segment_step::damage) {
        damage_ = fmt::format("bytes {} to {} of {} are damaged", frames.step_begin(), frames.position(),
                              segment_name(segment_->first_offset));
        return {};
    }
    auto const& header = frames.header();
    if (*step == segment_step::end || header.first_offset >= segment_->end_offset) {
        lose_until(segment_->end_offset);
        segment_.reset();
        return {};
    }
    if (header.end_offset() <= position_) {
        damage_.clear();
        return {};
    }
    if (header.first_offset > position_) lose_until(header.first_offset);
    damage_.clear();
    return read_portion(into);
}

result<> topic_reader::read_portion(batch& into) {
    auto& frames = *segment_->frames;
    auto const end = frames.append_portion(position_, into);
    if (!end) return end.error();
    position_ = *end;
    segment_->in_frame = position_ < frames.header().end_offset();
    return {};
}

void topic_reader::lose_until(std::uint64_t offset) {
    if (offset <= position_) return;
    log_error("journal {}: offsets {} to {} have no event: {}", topic_name(folder_), position_, offset - 1,
              damage_.empty() ? "they were dropped by a limit, or lost before the journal was opened" : damage_);
    gaps_->add_gap(position_, offset);
    lost_offsets_ += offset - position_;
    position_ = offset;
    damage_.clear();
}

}  // namespace logpipe::journal
