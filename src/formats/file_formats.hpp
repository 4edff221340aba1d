// Which format the lines of a file have, by the path that their tag ends with (core/path_tag.hpp).
#pragma once

#include "formats/normalize.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace logpipe::formats {

/// @param path  of a file_format  @return whether it is that file, or one that it was renamed to by a rotation: with
/// `.1`, `.2.gz`, `-20261130` after it
[[nodiscard]] bool is_tag_of(std::string_view tag, std::string_view path) noexcept;
/// @return the index of the first that fits
[[nodiscard]] std::optional<std::size_t> format_of_tag(std::span<file_format const> files,
                                                       std::string_view tag) noexcept;

}  // namespace logpipe::formats
