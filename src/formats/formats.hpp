// The formats by their names.
#pragma once

#include "formats/normalize.hpp"
#include "text/text_parser.hpp"

#include <memory>
#include <span>
#include <string_view>

namespace logpipe::formats {

inline constexpr std::string_view auto_format = "auto";
inline constexpr std::string_view json_format = "json";

[[nodiscard]] std::span<text_format const> text_formats() noexcept;
/// @param format  fault_of_format() finds nothing wrong with it, and it is neither auto nor json
[[nodiscard]] std::unique_ptr<text_parser> parser_of(std::string_view format);

}  // namespace logpipe::formats
