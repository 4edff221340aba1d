// Bytes of a stranger where HELO, PING or PONG is expected: none of them may be taken for one who knows the key.
#include "handshake.hpp"
#include "msgpack_stream.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <cstring>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    using namespace logpipe;
    using namespace logpipe::forward;
    using namespace logpipe::forward;
    std::string_view bytes{reinterpret_cast<char const*>(data), size};
    static server_greeting const greeting{.nonce = "0123456789abcdef", .auth_salt = "fedcba9876543210"};
    static forward_users const nobody;
    static forward_users const users{{"user", "password"}};
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
            LOGPIPE_ASSERT(
                !check_ping(**value, {.shared_key = "the shared key", .greeting = greeting, .users = nobody}));
            LOGPIPE_ASSERT(!check_ping(**value, {.shared_key = {}, .greeting = greeting, .users = users}));
            LOGPIPE_ASSERT(
                !check_pong(**value, {.shared_key = "the shared key", .nonce = "n", .salt = "s"}).has_value());
        }
    }
    return 0;
}
