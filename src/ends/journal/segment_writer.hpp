// The segment that is written to: appended in whole frames, cut back where a write failed half way.
#pragma once

#include "core/file.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::journal {

/// One thread.
class segment_writer final {
  public:
    segment_writer() = default;
    /// A new, empty segment whose name survives a power cut. What is left of an earlier try under this name is removed:
    /// nothing in it was acknowledged.
    [[nodiscard]] static result<segment_writer> create(file_system& files, std::string const& folder,
                                                       std::uint64_t first_offset);
    /// Goes on after `bytes`, which are on disk; what comes after them is overwritten.
    [[nodiscard]] static result<segment_writer> resume(file_system& files, std::string const& folder,
                                                       std::uint64_t first_offset, std::uint64_t bytes);

    /// @return an error with the segment as it was before; unless broken(): then another segment must be begun.
    [[nodiscard]] result<> append(std::span<std::string_view const> parts, std::uint64_t bytes);
    /// What was appended is on disk, and in a file that the next start finds.
    [[nodiscard]] result<> sync();
    /// Fails where the segment was taken away: what is in it then is lost with the process.
    [[nodiscard]] result<> check_in_place();
    /// Bytes on disk are not known any more: a sync failed (the kernel forgets which pages it lost, so another sync
    /// would lie), a half-written frame could not be cut off, or the file was taken away.
    [[nodiscard]] bool broken() const noexcept { return broken_; }
    /// No more of this segment: cuts it off after `keep_bytes`. Where the disk does not let us, readers still skip the
    /// rest, because the next segment's name says that it has these offsets.
    void abandon(std::uint64_t keep_bytes);

    [[nodiscard]] std::uint64_t first_offset() const noexcept { return first_offset_; }
    [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
    [[nodiscard]] std::uint64_t synced_bytes() const noexcept { return synced_bytes_; }

  private:
    std::unique_ptr<file> file_;
    std::uint64_t first_offset_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t synced_bytes_ = 0;
    bool broken_ = false;
};

}  // namespace logpipe::journal
