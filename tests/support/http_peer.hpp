// One side of HTTP over a raw connection: a test decides which bytes go out, and when the connection ends.
#pragma once

#include "support/raw_client.hpp"

#include <functional>
#include <string>
#include <thread>

namespace logpipe::test {

/// The head of the next request, with its empty line. Fails the test where the peer leaves before.
[[nodiscard]] inline std::string read_head(raw_client& from) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) head += from.receive(1);
    return head;
}

/// Passes bytes on both ways until both sides have closed, as a proxy's tunnel does.
inline void relay(raw_client& one, raw_client& other) {
    auto const pass = [](raw_client& from, raw_client& to) {
        for (auto bytes = from.receive_some(); !bytes.empty(); bytes = from.receive_some()) to.send(bytes);
        to.end_sending();
    };
    std::jthread const back{pass, std::ref(other), std::ref(one)};
    pass(one, other);
}

}  // namespace logpipe::test
