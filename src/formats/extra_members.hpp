// The members of a line that no mapping names: they stay at the document's top level.
#pragma once

#include <cstddef>
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

    void clear() noexcept { members_.clear(); }
    /// @return false, with the reason in `why`, when the name is there already, or too many are.
    [[nodiscard]] bool add(member const& added, std::string& reason);
    /// The same of one that has() says is not there.
    [[nodiscard]] bool add_new(member const& added, std::string& reason);
    [[nodiscard]] bool has(std::string_view name) const noexcept;
    [[nodiscard]] std::vector<member> const& all() const noexcept { return members_; }

  private:
    std::vector<member> members_;
};

}  // namespace logpipe::formats
