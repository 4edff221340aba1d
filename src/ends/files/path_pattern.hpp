// Which files a path with `*` and `[…]` means, now.
#pragma once

#include "file_content.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::files {

struct found_file {
    std::string path;
    file_facts facts;
};

struct found_files {
    std::vector<found_file> files;  ///< by their paths, each inode once
    std::set<std::string> folders;  ///< in which a name could appear that changes this
    bool folder_is_missing = false;
};

/// Immutable. A `*` is any part of one name but its first dot, `[…]` one of those characters; `?` is itself. A path
/// that is there as it is written is that file.
class path_pattern final {
  public:
    explicit path_pattern(std::string text);

    [[nodiscard]] std::string const& text() const noexcept { return text_; }
    [[nodiscard]] bool is_plain() const noexcept { return is_plain_; }
    [[nodiscard]] found_files expand() const;
    /// Whether that path is one that it means.
    [[nodiscard]] bool means(std::string const& path) const;

  private:
    std::string text_;
    bool is_plain_;
};

/// The part of a file's name that its rotated copies begin with as well.
[[nodiscard]] std::string name_stem(std::string_view path);
/// Regular files of the folder whose names have one of these stems.
[[nodiscard]] std::vector<found_file> files_with_stems(std::string const& folder, std::set<std::string> const& stems);

}  // namespace logpipe::files
