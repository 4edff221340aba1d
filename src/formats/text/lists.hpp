// Texts that hold several.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// @param value  a JSON text
[[nodiscard]] std::vector<std::string> parts_of(std::string_view value, std::string_view by);
/// "10.0.0.1, 10.0.0.2" as a JSON list of texts; none for an empty text.
void append_list(std::string_view value, std::string& out);

}  // namespace logpipe::formats
