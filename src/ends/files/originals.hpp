// Whether a file that has just appeared is a copy of one that is known, compressed or not: as logrotate makes one.
#pragma once

#include "content_hash.hpp"
#include "file_content.hpp"
#include "file_position.hpp"

#include <optional>
#include <vector>

namespace logpipe::files {

struct known_file {
    file_position kept;
    content_position read;     ///< how far, and its hash
    bool is_followed = false;  ///< it is open, and what was read of it is still there
};

struct original {
    std::size_t index = 0;  ///< into the known files
    bool is_whole = false;  ///< the copy has all that was read, and perhaps more; else it ends before that
};

/// By the hash of all that was read, never by the first bytes alone: of those of two idle servers many are equal. A
/// copy that is shorter than what was read of its original is known by the marks before its end, where the names are
/// related or a mark is that end.
/// @return none where `content` begins with the content of no known file
[[nodiscard]] result<std::optional<original>> find_original(file_content& content, std::string const& path,
                                                            std::vector<known_file> const& known);

}  // namespace logpipe::files
