// What the transform counts.
#pragma once

#include "logpipe/metric.hpp"

#include <array>
#include <string_view>

namespace logpipe::formats {

inline constexpr std::string_view normalize_stage = "normalize";

namespace metrics {

inline constexpr auto documents = counter("documents_total", "Documents that the transform made of lines.");
inline constexpr auto rejected =
    counter("rejected_events_total", "Lines that the transform could not read; each is a dead letter.", "rejected");

inline constexpr auto without_fields =
    counter("lines_without_fields_total", "Lines in which no field of the mapping was found.", "without fields");
inline constexpr auto raw =
    counter("lines_raw_total", "Lines of text of none of the formats that were expected, carried whole as `message`.");
inline constexpr auto repaired =
    counter("lines_repaired_total", "Lines with bytes that were mended; the document's _repaired says which.");
inline constexpr auto unwrapped =
    counter("lines_unwrapped_total", "Lines that were found within another program's JSON object.");
inline constexpr auto dropped =
    counter("rule_dropped_events_total", "Events that a rule of the mapping has dropped; the label `rule` names it.");

/// All of them.
inline constexpr std::array all{rejected, documents, without_fields, raw, repaired, unwrapped, dropped};

}  // namespace metrics

}  // namespace logpipe::formats
