// Several rejected entries of one message as the original bytes of one dead letter: a message with a hundred thousand
// bad entries in a kilobyte must not become a hundred thousand letters. It is one zstd frame; in it, all numbers
// little-endian, version 1:
//
//   byte  size
//      0     1  version, 1
//      1     4  entry count, at least 1
//      5     4  reason count, at least 1
//      9        for each entry: its index less the one before (the first: its index), the number of its reason, its
//               size, its bytes; for each reason: its size, its bytes. Numbers here are LEB128 varints.
//
// An entry has the letter's id at its own index, event_id::at(). That a letter is a pack is said in its head
// (dead_letter::entries), never in its bytes, which anybody could send.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::codec {

/// Where in its message a pack itself is: at no entry's index, for a message has no four thousand million of them.
inline constexpr std::uint32_t pack_index = std::numeric_limits<std::uint32_t>::max();

/// One thread.
class dead_letter_packer final {
  public:
    /// @param index  of the entry in its message, above that of the one before
    void add(std::uint32_t index, std::string_view reason, std::string_view entry);
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
    /// The different reasons, in one line; the first few of many.
    [[nodiscard]] std::string reasons() const;
    /// The record of at least one entry; empty afterwards.
    [[nodiscard]] std::string finish();

  private:
    [[nodiscard]] std::uint32_t number_of(std::string_view reason);

    std::string bytes_;
    std::vector<std::string> reasons_;
    std::uint32_t count_ = 0;
    std::uint32_t last_index_ = 0;
};

struct packed_entry {
    std::uint32_t index = 0;
    std::string_view reason;
    std::string_view bytes;
};
/// Gives the entries in order; their views hold during the call. Stops at the first error that `each` returns.
/// @return errc::corrupt for what dead_letter_packer has not made; then `each` was not called.
[[nodiscard]] result<> unpack_dead_letter(std::string_view record,
                                          std::function<result<>(packed_entry const&)> const& each);

}  // namespace logpipe::codec
