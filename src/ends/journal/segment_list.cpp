#include "segment_list.hpp"

#include "core/assert.hpp"
#include "free_request.hpp"
#include "topic_folder.hpp"

#include <algorithm>
#include <limits>

namespace logpipe::journal {

void segment_list::add(segment_entry const& entry) {
    // A segment in which nothing was kept is replaced by its retry.
    if (!entries_.empty() && entries_.back().first_offset == entry.first_offset) {
        bytes_ -= entries_.back().bytes;
        entries_.pop_back();
    }
    LOGPIPE_ASSERT(entries_.empty() || entries_.back().first_offset < entry.first_offset);
    entries_.push_back(entry);
    bytes_ += entry.bytes;
}

void segment_list::set_active(std::uint64_t bytes, std::int64_t newest_ns) {
    auto& active = entries_.back();
    bytes_ = bytes_ - active.bytes + bytes;
    active.bytes = bytes;
    active.newest_ns = std::max(active.newest_ns, newest_ns);
}

std::uint64_t segment_list::oldest_end() const noexcept {
    return entries_.size() > 1 ? entries_[1].first_offset : std::numeric_limits<std::uint64_t>::max();
}

result<std::size_t> segment_list::remove_before(std::uint64_t offset, std::int64_t before_ns) {
    std::size_t removed = 0;
    while (oldest_end() <= offset && entries_.front().newest_ns < before_ns) {
        if (auto gone = remove_oldest(); !gone) return gone.error();
        ++removed;
    }
    return removed;
}

result<std::uint64_t> segment_list::remove_oldest() {
    LOGPIPE_ASSERT(entries_.size() > 1);
    if (auto gone = remove_file(entries_.front()); !gone) return gone.error();
    entries_.pop_front();
    return entries_.front().first_offset;
}

result<> segment_list::remove_within(std::span<offset_range const> ranges) {
    for (std::size_t i = 0; i + 1 < entries_.size();) {
        if (!covers(ranges, entries_[i].first_offset, entries_[i + 1].first_offset)) {
            ++i;
            continue;
        }
        if (auto gone = remove_file(entries_[i]); !gone) return gone;
        entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return {};
}

result<> segment_list::remove_file(segment_entry const& entry) {
    auto gone = files_.remove(segment_path(folder_, entry.first_offset));
    if (!gone && gone.error().code != errc::not_found) return gone;
    bytes_ -= entry.bytes;
    return {};
}

}  // namespace logpipe::journal
