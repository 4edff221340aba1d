// Syslog over UDP, TCP and TLS (RFC 5424 and 3164 over RFC 5426, 6587 and 5425): nginx's `access_log syslog:`, rsyslog,
// syslog-ng, `logger`, network devices. A message becomes an event as it came, header included: the formats take the
// header off. The protocol has no acknowledgement: what was in transit when a process or a connection ended is lost.
#pragma once

#include "lines/lines.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace logpipe::syslog {

enum class transport : std::uint8_t { any, udp, tcp };

struct syslog_source_options {
    std::string listen;                      ///< HOST:PORT; without HOST all addresses, port 0 takes free ones
    lines::line_options lines{};             ///< of them tag and line_bytes_max
    transport over = transport::any;         ///< any: UDP and TCP on the same port
    bool tls = false;                        ///< TCP with TLS, and no UDP
    std::size_t connections_max = 256;       ///< further clients wait until one leaves
    std::chrono::milliseconds idle_time{0};  ///< a client silent for longer is disconnected; 0: never
    std::chrono::milliseconds handshake_timeout{10'000};       ///< of TLS
    std::size_t receive_buffer_bytes = std::size_t{8} << 20U;  ///< of the kernel, for datagrams
    std::size_t pending_bytes_max = std::size_t{32} << 20U;    ///< taken in and not yet read by the pump
    std::string certificate_file;                              ///< with key_file: reloaded on SIGHUP
    std::string key_file;
    std::string client_ca_file;
    std::function<void(std::uint16_t tcp, std::uint16_t udp)> listening{};  ///< called by open(); 0: not used
};

/// TCP clients are read as fast as the pump takes what they send; datagrams that nobody takes in time are dropped by
/// the kernel and counted.
[[nodiscard]] std::unique_ptr<source> make_syslog_source(syslog_source_options options);

extern end_descriptor const syslog_end;

}  // namespace logpipe::syslog
