// What the tests of the forward protocol share: messages, a reader that gathers.
#pragma once

#include "forward/forward.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::test {

using namespace std::chrono_literals;

/// msgpack of a string below 32 bytes.
[[nodiscard]] inline std::string fix_string(std::string_view text) {
    return std::string(1, static_cast<char>(0xa0U | text.size())) + std::string{text};
}

/// Message mode: [tag, 1, {"n": n}, {"chunk": chunk}]; the options only with a chunk. `n` is below 128.
[[nodiscard]] inline std::string single_message(std::string_view tag, int n, std::string_view chunk = {}) {
    auto message = std::string(1, chunk.empty() ? '\x93' : '\x94') + fix_string(tag) + "\x01\x81" + fix_string("n") +
                   static_cast<char>(n);
    if (!chunk.empty()) message += "\x81" + fix_string("chunk") + fix_string(chunk);
    return message;
}

[[nodiscard]] inline std::string ack_of(std::string_view chunk) {
    return "\x81" + fix_string("ack") + fix_string(chunk);
}

/// A source that listens, on a free port of 127.0.0.1 unless told otherwise. Fails the test (by exception) where it
/// does not.
[[nodiscard]] inline std::unique_ptr<forward::forward_source> listening(forward::forward_source_options options = {}) {
    if (options.listen == forward::forward_source_options{}.listen) options.listen = "127.0.0.1:0";
    auto source = forward::make_forward_source(std::move(options));
    if (auto const opened = source->open(); !opened) throw std::runtime_error{opened.error().message};
    return source;
}

/// Reads batches until `count` events came. Fails the test (by exception) after 20 s.
[[nodiscard]] inline std::vector<batch> read_events(source& from, std::size_t count) {
    std::vector<batch> all;
    auto const until = std::chrono::steady_clock::now() + 20s;
    for (std::size_t have = 0; have < count;) {
        if (std::chrono::steady_clock::now() > until) throw std::runtime_error{"the events did not come"};
        batch one;
        auto const read = from.read(one, until);
        if (!read) throw std::runtime_error{read.error().message};
        if (one.empty()) continue;
        have += one.events.size();
        all.push_back(std::move(one));
    }
    return all;
}

inline void commit_to(source& to, std::uint64_t offset) {
    progress const safe{.safe = {.partition = 0, .offset = offset}, .counts = {}};
    if (auto done = to.commit({&safe, 1}); !done) throw std::runtime_error{done.error().message};
}

}  // namespace logpipe::test
