// Records of one sender mostly have the same keys in the same order. What a key became in the record before is kept by
// its index in the map, and copied where the next record has the same bytes there.
#pragma once

#include "core/short_prefix.hpp"
#include "json_writer.hpp"
#include "msgpack_reader.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace logpipe::forward {

/// Pays for keys of up to 15 bytes in the first 32 positions; all others are read each time. One thread.
class known_keys final {
  public:
    /// @return false, and nothing is done, where the bytes at hand do not begin with the key that is known there.
    [[nodiscard]] bool copy(std::uint64_t index, msgpack_reader& from, json_writer& to) const {
        if (index >= keys_.size() || from.rest().size() < short_prefix::bytes_max) return false;
        auto const& known = keys_[index];
        if (known.msgpack_bytes == 0 || !known.msgpack.is_at(from.rest().data())) return false;
        from.go_to(from.position() + known.msgpack_bytes);
        to.block(known.json, known.json_bytes);
        return true;
    }

    /// @param json  what is written for it: the comma before it, but at the first index, and the colon after it
    void remember(std::uint64_t index, std::string_view msgpack, std::string_view json) {
        if (index >= keys_.size() || msgpack.size() > short_prefix::bytes_max || json.size() > json_bytes_max) return;
        auto& known = keys_[index];
        known.msgpack = short_prefix{msgpack};
        known.msgpack_bytes = msgpack.size();
        known.json_bytes = json.copy(known.json.data(), json_bytes_max);
    }

  private:
    static constexpr std::size_t json_bytes_max = 32;

    struct key {
        short_prefix msgpack;
        std::size_t msgpack_bytes = 0;  ///< 0: none is known
        std::size_t json_bytes = 0;
        std::array<char, json_bytes_max> json{};
    };
    std::array<key, 32> keys_;
};

}  // namespace logpipe::forward
