// What the programs that logpipe is measured against share: a socket with nothing around it, and their own CPU time.
#pragma once

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace logpipe::bench {

[[noreturn]] inline void fail(std::string const& reason) {
    std::fprintf(stderr, "%s: %s\n", program_invocation_short_name, reason.c_str());
    std::exit(1);
}

[[nodiscard]] inline int connect_to(std::string const& host, std::string const& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0) fail("no such host: " + host);
    int const made = socket(found->ai_family, found->ai_socktype, 0);
    if (connect(made, found->ai_addr, found->ai_addrlen) != 0) fail("cannot connect to " + host + ":" + port);
    int const yes = 1;
    setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    freeaddrinfo(found);
    return made;
}

inline void send_all(int socket, std::string_view bytes) {
    while (!bytes.empty()) {
        auto const sent = send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) fail("the connection was cut");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

/// Of this process.
[[nodiscard]] inline double cpu_seconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace logpipe::bench
