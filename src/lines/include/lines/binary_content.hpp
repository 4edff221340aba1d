// Files that are not lines, known by their first bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace logpipe::lines {

struct binary_format {
    std::string_view magic;    ///< the first bytes of such a file
    std::string_view name;     ///< "gzip data"
    std::string_view command;  ///< makes lines of it; empty where none does
};

inline constexpr std::size_t magic_bytes_max = 16;
/// Of the two that are read as what is in them.
inline constexpr std::string_view gzip_magic{"\x1f\x8b"};
inline constexpr std::string_view zstd_magic{"\x28\xb5\x2f\xfd"};
/// Null, or what a file with these first bytes is instead of lines.
[[nodiscard]] binary_format const* binary_format_of(std::string_view beginning) noexcept;

/// Checks a file's first bytes as they come: a pipe may give them one by one.
class binary_content final {
  public:
    /// @param piece  the next bytes of the file
    /// @return null, or what the file is instead of lines
    [[nodiscard]] binary_format const* check(std::string_view piece);

  private:
    std::string beginning_;
    bool known_ = false;  // to be lines, as far as this goes
};

}  // namespace logpipe::lines
