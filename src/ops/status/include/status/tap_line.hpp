// A tapped event as one line.
#pragma once

#include "logpipe/tap.hpp"

#include <string>

namespace logpipe::status {

/// One JSON object on one line: {"stage":…,"id":…,"tag":…,"time":…,"received":…,"origin":…,"event":…}. What is not
/// known is left out; a payload that is not JSON is text in "text", or in "base64"; "rejected" says why, if it
/// was.
[[nodiscard]] std::string to_json_line(tapped_event const& event);
/// For people: time, stage, tag, payload, on one line and without control characters.
[[nodiscard]] std::string to_readable_line(tapped_event const& event);

}  // namespace logpipe::status
