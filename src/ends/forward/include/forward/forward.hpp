// The Fluent forward protocol, v1 and v1.5, both ways.
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5
#pragma once

#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::forward {

/// Names and their passwords.
using forward_users = std::map<std::string, std::string, std::less<>>;

/// Lines of NAME:PASSWORD; empty ones and those that begin with "#" do not count.
/// @return errc::invalid_argument for a line of another form, a name that comes twice, or no user at all.
[[nodiscard]] result<forward_users> parse_forward_users(std::string_view text);

struct forward_source_options {
    std::string listen = "127.0.0.1:24224";  ///< HOST:PORT, TCP and (heartbeats) UDP; port 0 takes a free one
    std::size_t message_bytes_max = std::size_t{64} << 20U;
    std::size_t decompressed_bytes_max = std::size_t{256} << 20U;
    std::size_t event_bytes_max = std::size_t{8} << 20U;
    std::uint32_t entries_max = 4'000'000;  ///< in one message
    std::uint32_t nesting_max = 64;
    /// Above it the oldest client that never completed a message is evicted; without one, new ones wait.
    std::uint32_t connections_max = 1024;
    std::uint32_t connections_per_address = 0;           ///< one more is closed at once; 0: no limit
    std::chrono::seconds idle_timeout{0};                ///< 0: none; TCP keep-alive finds dead peers
    std::chrono::milliseconds first_message_timeout{0};  ///< from connecting; 0: until its slot is needed
    /// Without a byte of a message that has begun, and for all of it, plus a second for each 4 KiB; 0: none
    std::chrono::milliseconds message_timeout{60'000};
    bool heartbeat = true;  ///< respond to UDP heartbeats, at most one a second a peer and 256 a second in all
    std::chrono::seconds handshake_timeout{10};
    std::size_t pending_bytes_max = std::size_t{32} << 20U;  ///< decoded and not yet read by the pump
    /// For the next part of a line that Docker has cut, of clients without acks; 0: parts are never joined
    std::chrono::milliseconds partial_timeout{5'000};
    std::size_t partial_bytes_max = std::size_t{1} << 20U;  ///< of a joined line
    bool trust_chunk_ids = true;
    std::string shared_key;        ///< set: clients must know it
    std::string shared_key_file;   ///< its file, reloaded on SIGHUP; empty: none
    forward_users users;           ///< set: clients must be one of them
    std::string users_file;        ///< their file, reloaded on SIGHUP; empty: none
    std::string self_hostname;     ///< as sent in the handshake; empty = this host's name
    std::string certificate_file;  ///< set with key_file: TLS
    std::string key_file;
    std::string client_ca_file;
};

class forward_source : public source {
  public:
    /// The port that is listened on. After open().
    [[nodiscard]] virtual std::uint16_t port() const = 0;
};

/// Acks a chunk when its last event is committed. open() gives errc::busy where the port is taken.
[[nodiscard]] std::unique_ptr<forward_source> make_forward_source(forward_source_options options);

struct forward_sink_options {
    std::string connect = "127.0.0.1:24224";  ///< HOST:PORT, or several separated by commas: one of them at a time
    std::size_t in_flight_max = 8;            ///< chunks sent and not acked
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds ack_timeout{60'000};
    bool compress = false;  ///< CompressedPackedForward, gzip
    /// A line that is not a JSON object is sent as a string instead of a record, which our own source takes as it is.
    /// Set: it is sent as {line_key: line} instead, for peers that drop what is not a map (Fluentd).
    std::string line_key;
    std::string shared_key;
    std::string username;  ///< for a server that requires one
    std::string password;
    std::string shared_key_file;  ///< its file, reloaded on SIGHUP; empty: none
    std::string password_file;    ///< the same of the password
    std::string self_hostname;
    bool tls = false;
    std::string ca_file;
    std::string certificate_file;
    std::string key_file;
    bool insecure_skip_verify = false;
};

/// Keeps chunk boundaries; a chunk is safe when its ack has come, and is retried over a new connection until then,
/// with the same chunk id, be it to another server of the list.
[[nodiscard]] std::unique_ptr<sink> make_forward_sink(forward_sink_options options);

extern end_descriptor const forward_end;

}  // namespace logpipe::forward
