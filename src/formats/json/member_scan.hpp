// The members of a usual line of JSON, found without simdjson: in one pass and without an index.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace logpipe::formats {

/// Of one line at a time. One thread. All views it gives point into the line.
///
/// It knows what writers of logs write: an object of up to `members_max` members, whose keys have no escapes. It takes
/// no line that simdjson would refuse; one that it does not take may be right.
class member_scan final {
  public:
    static constexpr std::size_t members_max = 64;

    struct member {
        std::string_view key;    ///< without quotes
        std::string_view value;  ///< JSON, checked
    };

    /// @param line  begins with {, with 64 readable bytes after it
    /// @return false: the general reader must read it
    [[nodiscard]] bool read(std::string_view line) noexcept;
    /// Of the last line that was taken.
    [[nodiscard]] std::span<member const> members() const noexcept { return {members_.data(), count_}; }

  private:
    std::array<member, members_max> members_;
    std::size_t count_ = 0;
};

}  // namespace logpipe::formats
