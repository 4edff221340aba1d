// What a source passes over on its way, apart from the events.
#pragma once

#include <cstdint>

namespace logpipe {

/// Offsets of a source that hold no event. They move with the position, as what was counted does.
struct passed_offsets {
    std::uint64_t tombstones = 0;  ///< messages without a value
    std::uint64_t gaps = 0;  ///< no message: transaction markers, aborted, compacted, which a reader can't tell apart
    std::uint64_t expired = 0;  ///< below the oldest offset that was still there: gone before they were read

    [[nodiscard]] std::uint64_t skipped() const noexcept { return tombstones + gaps; }
    [[nodiscard]] std::uint64_t all() const noexcept { return skipped() + expired; }
    passed_offsets& operator+=(passed_offsets const& other) noexcept {
        tombstones += other.tombstones;
        gaps += other.gaps;
        expired += other.expired;
        return *this;
    }
    friend bool operator==(passed_offsets const&, passed_offsets const&) = default;
};

}  // namespace logpipe
