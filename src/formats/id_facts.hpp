// What a document says that the line does not: made from the event's id alone, so that a replay makes the same
// document.
#pragma once

#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>

namespace logpipe::formats {

/// 128 well-mixed bits of an id. One to one: two ids never share them. They stand in stored documents, so the function
/// never changes.
struct id_hash {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    static constexpr std::size_t hex_bytes = 32;
    /// Lower case.
    void write_hex(char* out) const noexcept;
    /// One of `count` (under 2^32) things, each as likely.
    [[nodiscard]] std::size_t pick(std::size_t count) const noexcept;
};

[[nodiscard]] id_hash hash_of(event_id id) noexcept;

}  // namespace logpipe::formats
