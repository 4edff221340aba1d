// The events of a request's body. Pure: no I/O, no copy.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace logpipe::ingest {

enum class body_kind : std::uint8_t {
    lines,  ///< one event a line, of whatever format
    json,   ///< objects, one after the other or in arrays
};

/// Views into `body`, which ends lines at LF or CR LF; empty lines are left out. Of JSON only the structure is judged:
/// what stands between an object's braces is for the formats. A byte order mark at the beginning is left out.
/// @return errc::rejected for JSON that is neither objects nor arrays of them, with the byte where it fails;
/// errc::too_large above `events_max`
[[nodiscard]] result<std::vector<std::string_view>> split_body(std::string_view body, body_kind kind,
                                                               std::size_t events_max);

/// Line ends between the tokens of a JSON object become spaces: what writes events by line must not tear it.
void put_on_one_line(std::span<char> object) noexcept;

}  // namespace logpipe::ingest
