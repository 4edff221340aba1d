// What every decompression here has in common: output is bounded, and grows by what there is.
#pragma once

#include "core/assert.hpp"
#include "logpipe/result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace logpipe::codec {

// What is added to an output string at a time: its limit may be far above what there is.
inline constexpr std::size_t output_step_bytes = std::size_t{64} << 10U;

/// Until the input is used up or `output_bytes_max` are added.
/// @param state  step(input, output, room) is one call of the library, into at most `room` bytes after `output`;
/// `inside`
///               says that a frame (of zstd; a member, of gzip) has begun and not ended
template <class State>
result<> inflate_by_steps(State& state, std::string_view& input, std::string& output, std::size_t output_bytes_max) {
    std::size_t left = output_bytes_max;
    while (left > 0) {
        // Between frames only input moves us on; within one, the library may still hold output without any.
        if (input.empty() && !state.inside) return {};
        auto const input_before = input.size();
        auto const output_before = output.size();
        auto const room = std::min(left, output_step_bytes);
        if (auto done = state.step(input, output, room); !done) return done;
        auto const gained = output.size() - output_before;
        left -= gained;
        if (gained < room && (input.empty() || (gained == 0 && input.size() == input_before))) return {};
    }
    return {};
}

/// All of an input that is there.
/// @return errc::corrupt; errc::too_large above `output_bytes_max`
template <class Inflater>
result<std::string> inflate_whole(std::string_view format, std::string_view input, std::size_t output_bytes_max) {
    LOGPIPE_ASSERT(output_bytes_max < std::numeric_limits<std::size_t>::max());
    if (input.empty()) return error{errc::corrupt, fmt::format("bad {}: no bytes", format)};
    Inflater inflater;
    std::string output;
    // One byte more than allowed separates "exactly the limit" from "above it".
    while (output.size() <= output_bytes_max) {
        auto const before = output.size();
        if (auto done = inflater.inflate(input, output, output_bytes_max + 1 - output.size()); !done)
            return done.error();
        if (input.empty() && output.size() == before) break;
    }
    if (output.size() > output_bytes_max)
        return error{errc::too_large, fmt::format("{} inflates to more than {} bytes", format, output_bytes_max)};
    if (!inflater.at_end()) return error{errc::corrupt, fmt::format("{} ends in the middle", format)};
    return output;
}

}  // namespace logpipe::codec
