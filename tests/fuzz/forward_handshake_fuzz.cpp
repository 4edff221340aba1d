// Bytes of a stranger where HELO, PING or PONG is expected: none of them may be taken for one who knows the key.
#include "handshake.hpp"
#include "msgpack_stream.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace logpipe;
    std::string_view bytes{reinterpret_cast<char const*>(data), size};
    msgpack_stream stream{4096};
    while (!bytes.empty()) {
        auto const space = stream.space();
        auto const count = std::min(space.size(), bytes.size());
        std::memcpy(space.data(), bytes.data(), count);
        stream.commit(count);
        bytes.remove_prefix(count);
        while (true) {
            auto const value = stream.next();
            if (!value) return 0;
            if (!*value) break;
            (void)read_helo(**value);
            LOGPIPE_ASSERT(!check_ping(**value, "the shared key", "0123456789abcdef").has_value());
            LOGPIPE_ASSERT(
                !check_pong(**value, {.shared_key = "the shared key", .nonce = "n", .salt = "s"}).has_value());
        }
    }
    return 0;
}
