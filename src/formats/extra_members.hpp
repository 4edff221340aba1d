// The members of a line that no mapping names: they stay at the document's top level.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// More of them make a line that is rejected: each is compared with all others, and no index takes so many.
inline constexpr std::size_t extra_members_max = 1000;

/// Of one line at a time; keeps its memory from line to line. One thread.
class extra_members final {
  public:
    struct member {
        std::string_view name;  ///< without escapes, of the document
        // Each with a block of readable bytes after it:
        std::string_view prefix;  ///< where set, what stands before the value in the document: `,"index_original":`
        std::string_view key;     ///< else the key as it is in the line, without quotes
        std::string_view value;
    };

    void clear() noexcept {
        members_.clear();
        seen_ = 0;
    }
    /// @return false, with the reason in `why`, when the name is there already, or too many are.
    [[nodiscard]] bool add(member const& added, std::string& reason) {
        auto const bit = bit_of(added.name);
        if ((seen_ & bit) != 0 || members_.size() == extra_members_max) return add_one_of_many(added, reason);
        seen_ |= bit;
        members_.push_back(added);
        return true;
    }
    [[nodiscard]] bool has(std::string_view name) const noexcept {
        return (seen_ & bit_of(name)) != 0 && is_among_them(name);
    }
    [[nodiscard]] std::vector<member> const& all() const noexcept { return members_; }

  private:
    [[nodiscard]] bool add_one_of_many(member const& added, std::string& reason);
    [[nodiscard]] bool is_among_them(std::string_view name) const noexcept;
    /// Of 64: most lines have few names, and need not compare them.
    [[nodiscard]] static std::uint64_t bit_of(std::string_view name) noexcept {
        if (name.empty()) return 1;
        auto const bytes = name.size() << 16U | std::size_t{static_cast<unsigned char>(name.front())} << 8U |
                           std::size_t{static_cast<unsigned char>(name.back())};
        return std::uint64_t{1} << (bytes * 0x9e3779b97f4a7c15U >> 58U);
    }

    std::vector<member> members_;
    std::uint64_t seen_ = 0;  ///< bit_of() each
};

}  // namespace logpipe::formats
