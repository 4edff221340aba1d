// HELO, PING and PONG: both sides show that they know the shared key without saying it, and the client its user's
// password where the server requires one. Pure; each value is one whole msgpack value.
//
//   server  ["HELO", {"nonce": 16 random bytes, "auth": 16 random bytes or none, "keepalive": true}]
//   client  ["PING", hostname, salt, sha512hex(salt + hostname + nonce + key),
//            username, sha512hex(auth + username + password)]           both empty without a user
//   server  ["PONG", accepted, reason, hostname, sha512hex(salt + hostname + nonce + key)]
//
// Fluentd sends an `auth` whether it knows users or not; only its PONG says whether one was needed.
#pragma once

#include "forward/forward.hpp"
#include "logpipe/result.hpp"

#include <string>
#include <string_view>

namespace logpipe::forward {

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

/// What we call ourselves in a handshake: `given`, or where it is empty this machine's name.
[[nodiscard]] std::string hostname_of(std::string const& given);

/// What a server's HELO brings.
struct server_greeting {
    std::string nonce;
    std::string auth_salt;  ///< empty: no user is required
};

/// The salt goes as binary even where it is empty: some clients take nothing else there.
[[nodiscard]] std::string make_helo(server_greeting const& what);
[[nodiscard]] result<server_greeting> read_helo(std::string_view value);
/// Whether a value is a HELO at all: a server that wants a key or a user greets with it.
[[nodiscard]] bool is_helo(std::string_view value) noexcept;

/// Who we are for a server that requires users.
struct user_proof {
    std::string_view auth_salt;
    std::string_view username;  ///< empty: none
    std::string_view password;
};

[[nodiscard]] std::string make_ping(std::string_view hostname, handshake_secret const& secret, user_proof const& user);
/// What a PING is measured by.
struct ping_terms {
    std::string_view shared_key;
    server_greeting const& greeting;  ///< what we sent
    forward_users const& users;       ///< empty: anybody
};
struct client_greeting {
    std::string hostname;
    std::string salt;
};
/// @return who greets; errc::unauthorized for a wrong key, user or password, errc::protocol for what is not a PING.
[[nodiscard]] result<client_greeting> check_ping(std::string_view value, ping_terms const& terms);

[[nodiscard]] std::string make_pong(std::string_view hostname, handshake_secret const& secret);
[[nodiscard]] std::string make_rejection(std::string_view reason);
/// @return errc::unauthorized where the server rejected us, or does not know the key itself.
[[nodiscard]] result<> check_pong(std::string_view value, handshake_secret const& secret);

}  // namespace logpipe::forward
