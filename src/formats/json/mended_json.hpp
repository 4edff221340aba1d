// What nginx writes into a JSON log_format without escape=json is nearly JSON.
#pragma once

#include "repairs.hpp"

#include <string>
#include <string_view>

namespace logpipe::formats {

/// Within texts, \xNN becomes the byte that it means, and a byte that is not UTF-8 the character U+EF00 + byte. All
/// else stays as it is.
/// @param into  replaced by the whole line
/// @return what was mended
repair mend_json(std::string_view line, std::string& into);

}  // namespace logpipe::formats
