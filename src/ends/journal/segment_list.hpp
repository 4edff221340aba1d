// The segments that there are, and their removal.
#pragma once

#include "core/file.hpp"
#include "journal/journal.hpp"
#include "recovery.hpp"

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <vector>

namespace logpipe::journal {

/// One thread. The last segment is the active one and is never removed.
class segment_list final {
  public:
    segment_list(file_system& files, std::string folder) : files_{files}, folder_{std::move(folder)} {}

    void add(segment_entry const& entry);
    /// The active one's new size and the receive time of its newest event.
    void set_active(std::uint64_t bytes, std::int64_t newest_ns);
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::size_t count() const noexcept { return entries_.size(); }
    /// Where the oldest segment's offsets end, if it may be removed; else after all offsets.
    [[nodiscard]] std::uint64_t oldest_end() const noexcept;

    /// Removes what lies wholly before `offset` and was received before `before_ns`. @return how many segments.
    [[nodiscard]] result<std::size_t> remove_before(std::uint64_t offset, std::int64_t before_ns);
    /// Removes the oldest, read or not. There must be one before the active one. @return the end of its offsets.
    [[nodiscard]] result<std::uint64_t> remove_oldest();
    /// Removes what lies wholly in one of `ranges`, which are ascending and apart.
    [[nodiscard]] result<> remove_within(std::span<offset_range const> ranges);
    [[nodiscard]] std::uint64_t oldest_begin() const noexcept { return entries_.front().first_offset; }
    /// The receive time of the oldest segment's newest event.
    [[nodiscard]] std::int64_t oldest_newest_ns() const noexcept { return entries_.front().newest_ns; }

  private:
    [[nodiscard]] result<> remove_file(segment_entry const& entry);

    file_system& files_;
    std::string const folder_;
    std::deque<segment_entry> entries_;
    std::uint64_t bytes_ = 0;
};

}  // namespace logpipe::journal
