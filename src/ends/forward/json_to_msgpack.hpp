// JSON text to msgpack in one pass, for the records that are sent on. Deterministic: the same text is the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::forward {

/// Appends the msgpack of `json`, which must be one JSON object (RFC 8259, strictly; white space around it allowed), to
/// `out`. Order and repeated keys stay. Integers of 64 bits stay integers; numbers with a point or an exponent, and -0,
/// become doubles. Strings of escaped bytes (json_writer::string) become those bytes.
/// @return false, with `out` as it was, for text that is not an object or that msgpack cannot carry without loss: an
/// integer beyond 64 bits, a number beyond the doubles, half a surrogate pair, nesting above `nesting_max`.
[[nodiscard]] bool append_json_object_as_msgpack(std::string& out, std::string_view json, std::uint32_t nesting_max);

}  // namespace logpipe::forward
