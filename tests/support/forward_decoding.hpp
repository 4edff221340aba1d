// What the tests of the forward decoder share: bytes of a connection through both decoders, and messages to decode.
#pragma once

#include "event_decoder.hpp"
#include "forward_decoder.hpp"
#include "msgpack_writer.hpp"
#include "support/forward_ends.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::test {

using namespace forward;

using namespace std::string_literals;

struct decoded {
    batch events;
    std::vector<std::string> chunks;  // msgpack, as they would be sent back
    std::optional<error> failure;
    event_decoder_counts counts;

    [[nodiscard]] std::vector<std::string> records() const {
        std::vector<std::string> all;
        for (auto const& row : events.events) all.emplace_back(events.record(row));
        return all;
    }
    [[nodiscard]] std::vector<std::string> reasons() const {
        std::vector<std::string> all;
        for (auto const& one : events.rejections) all.push_back(one.reason);
        return all;
    }
};

[[nodiscard]] inline decoded decode(std::string_view bytes, event_decoder_options options = {},
                                    std::size_t piece_bytes = 1 << 20) {
    decoded got;
    forward_decoder decoder{options.limits};
    event_decoder events{options};
    while (!bytes.empty() && !got.failure) {
        auto const space = decoder.space();
        auto const count = std::min({piece_bytes, space.size(), bytes.size()});
        std::memcpy(space.data(), bytes.data(), count);
        decoder.commit(count);
        bytes.remove_prefix(count);
        while (true) {
            auto const message = decoder.next();
            if (!message) got.failure = message.error();
            if (!message || !*message) break;
            if (!(*message)->chunk_msgpack.empty()) got.chunks.emplace_back((*message)->chunk_msgpack);
            for (message_portions portions{**message}; !portions.is_whole();) events.append(portions, got.events);
        }
    }
    got.counts = events.counts();
    return got;
}

[[nodiscard]] inline std::string entry(std::string_view time, int n) {
    return std::string{"\x92"} + std::string{time} + "\x81\xa1n" + static_cast<char>(n);
}

[[nodiscard]] inline std::string binary(std::string_view bytes) {
    std::string out;
    msgpack_writer{out}.binary(bytes);
    return out;
}

inline std::string const event_time = "\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02"s;           // 1 s 2 ns, fixext 8
inline std::string const event_time_ext8 = "\xc7\x08\x00\x00\x00\x00\x01\x00\x00\x00\x02"s;  // the same, ext 8

/// ["t", entries, options]
[[nodiscard]] inline std::string packed(std::string_view entries, std::string_view options = {}) {
    return (options.empty() ? "\x92\xa1t"s : "\x93\xa1t"s) + binary(entries) + std::string{options};
}

}  // namespace logpipe::test
