// Records of one sender mostly have the same keys in the same order. What a key became in the record before is kept by
// its place in the map, and copied where the next record has the same bytes there.
#pragma once

#include "base/bytes.hpp"
#include "json_writer.hpp"
#include "msgpack_reader.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logpipe {

/// Pays for keys of up to 15 bytes in the first 32 places; all others are read anew each time. One thread.
class known_keys final {
  public:
    /// @return false, and nothing is done, where the bytes at hand do not begin with the key that is known there.
    [[nodiscard]] bool copy(std::uint64_t place, msgpack_reader& from, json_writer& to) const {
        if (place >= keys_.size() || from.rest().size() < msgpack_bytes_max) return false;
        auto const& known = keys_[place];
        auto const* const at = from.rest().data();
        auto const differs = ((load_little<std::uint64_t>(at) ^ known.words[0]) & known.masks[0]) |
                             ((load_little<std::uint64_t>(at + 8) ^ known.words[1]) & known.masks[1]);
        if (differs != 0 || known.msgpack_bytes == 0) return false;
        from.go_to(from.position() + known.msgpack_bytes);
        to.block(known.json, known.json_bytes);
        return true;
    }

    /// @param json  what is written for it: the comma before it, but at the first place, and the colon behind it
    void remember(std::uint64_t place, std::string_view msgpack, std::string_view json) {
        if (place >= keys_.size() || msgpack.size() > msgpack_bytes_max || json.size() > json_bytes_max) return;
        std::array<char, msgpack_bytes_max> bytes{};
        std::array<char, msgpack_bytes_max> counts{};
        msgpack.copy(bytes.data(), bytes.size());
        std::fill_n(counts.begin(), msgpack.size(), '\xff');
        auto& known = keys_[place];
        known.words = {load_little<std::uint64_t>(bytes.data()), load_little<std::uint64_t>(bytes.data() + 8)};
        known.masks = {load_little<std::uint64_t>(counts.data()), load_little<std::uint64_t>(counts.data() + 8)};
        known.msgpack_bytes = msgpack.size();
        known.json_bytes = json.copy(known.json.data(), json_bytes_max);
    }

  private:
    static constexpr std::size_t msgpack_bytes_max = 16;
    static constexpr std::size_t json_bytes_max = 32;

    struct key {
        std::array<std::uint64_t, 2> words{};  ///< the msgpack, as it lies in memory…
        std::array<std::uint64_t, 2> masks{};  ///< …and which bytes of it count
        std::size_t msgpack_bytes = 0;         ///< 0: none is known
        std::size_t json_bytes = 0;
        std::array<char, json_bytes_max> json{};
    };
    std::array<key, 32> keys_;
};

}  // namespace logpipe
