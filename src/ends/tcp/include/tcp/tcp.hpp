// Lines over TCP: what `nc`, syslog daemons' raw forwarding and many programs' "tcp output" send and take. The protocol
// has no acknowledgement, so a line is safe for the sender when the kernel took it, and lines in transit are lost with
// a connection; the forward protocol has one.
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

namespace logpipe::tcp {

struct tcp_source_options {
    std::string listen;  ///< HOST:PORT; without HOST all addresses, port 0 takes a free one
    lines::line_options lines{};
    std::size_t connections_max = 256;                    ///< further clients wait until one leaves
    std::chrono::milliseconds idle_time{0};               ///< a client silent for longer is disconnected; 0: never
    std::function<void(std::uint16_t port)> listening{};  ///< called by open()
};
/// Each client's bytes become lines of their own; a last one without a line end counts when the client leaves.
[[nodiscard]] std::unique_ptr<source> make_tcp_source(tcp_source_options options);

struct tcp_sink_options {
    std::string address;  ///< HOST:PORT
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds stall_timeout{30'000};  ///< without progress the connection is given up
};
/// Events that a lost connection may not have delivered are sent again: a receiver can see them twice.
[[nodiscard]] std::unique_ptr<sink> make_tcp_sink(tcp_sink_options options);

extern end_descriptor const tcp_end;

}  // namespace logpipe::tcp
