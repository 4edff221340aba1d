// What a failure's code means to a pump: retry, open, or end. docs/internals/pump.md has the rule in words.
#pragma once

#include "logpipe/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace logpipe::runtime {

enum class pump_stage : std::uint8_t { source, transform, sink };
inline constexpr std::size_t pump_stages_count = 3;

/// A stage that lost its peer or its file must be opened again; one that is only full or busy is asked again.
[[nodiscard]] bool needs_open(errc code) noexcept;

/// What bounds the wait before a call that failed is made again. A full disk is asked more often than a peer that is
/// away: that costs nothing, and readers make room at any time.
[[nodiscard]] std::chrono::milliseconds longest_wait(errc code) noexcept;

/// Nothing that could pass: the pump ends.
[[nodiscard]] bool is_hopeless(errc code) noexcept;

/// Before an end has been open for the first time: whether to end instead of retrying. A peer that is away comes back,
/// and a full disk gets room; a taken address, a foreign file or a folder without write permission needs an operator,
/// and an ended process is what operators notice.
/// @param failing_for  since the first try: a process that this one replaces may still hold the address or the group
[[nodiscard]] bool ends_at_start(pump_stage which, errc code, std::chrono::steady_clock::duration failing_for) noexcept;

}  // namespace logpipe::runtime
