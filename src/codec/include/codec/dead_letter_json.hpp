// A dead letter as one JSON object.
#pragma once

#include "logpipe/dead_letter.hpp"
#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe::codec {

/// {"id":…,"stage":…,"reason":…,"origin":…,"tag":…,"time":…,"event_time":…,"received":…,"record":…}; times that are not
/// known are left out, a record that is not UTF-8 is in "record_base64" instead, and a part of a letter has "part"
/// (from 0) and "parts".
[[nodiscard]] std::string to_json(dead_letter_view const& letter);
[[nodiscard]] std::string to_json(dead_letter const& letter);
/// What to_json() wrote of a whole letter. @return errc::corrupt for anything else.
[[nodiscard]] result<dead_letter> parse_dead_letter(std::string_view json);

}  // namespace logpipe::codec
