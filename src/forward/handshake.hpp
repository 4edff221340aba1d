// HELO, PING and PONG: both sides show that they know the shared key without saying it. Pure; each value is one whole
// msgpack value.
//
//   server  ["HELO", {"nonce": 16 random bytes, "auth": "", "keepalive": true}]
//   client  ["PING", hostname, salt, sha512hex(salt + hostname + nonce + key), "", ""]
//   server  ["PONG", accepted, reason, hostname, sha512hex(salt + hostname + nonce + key)]
//
// User names and passwords, which the protocol has besides, are not taken and not sent.
#pragma once

#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe {

/// What both digests are made with.
struct handshake_secret {
    std::string_view shared_key;
    std::string_view nonce;
    std::string_view salt;
};

/// Bytes from the system's source for keys.
[[nodiscard]] std::string random_bytes(std::size_t count);
/// The same as twice as many hexadecimal digits.
[[nodiscard]] std::string random_hex(std::size_t byte_count);

[[nodiscard]] std::string make_helo(std::string_view nonce);
/// @return the nonce; errc::unauthorized where the server wants a user name.
[[nodiscard]] result<std::string> read_helo(std::string_view value);
/// Whether a value is a HELO at all: a server that wants a key greets with it.
[[nodiscard]] bool is_helo(std::string_view value) noexcept;

[[nodiscard]] std::string make_ping(std::string_view hostname, handshake_secret const& secret);
struct client_greeting {
    std::string hostname;
    std::string salt;
};
/// @return who greets; errc::unauthorized for a wrong key, errc::protocol for what is no PING.
[[nodiscard]] result<client_greeting> check_ping(std::string_view value, std::string_view shared_key,
                                                 std::string_view nonce);

[[nodiscard]] std::string make_pong(std::string_view hostname, handshake_secret const& secret);
[[nodiscard]] std::string make_refusal(std::string_view reason);
/// @return errc::unauthorized where the server refused us, or does not know the key itself.
[[nodiscard]] result<> check_pong(std::string_view value, handshake_secret const& secret);

}  // namespace logpipe
