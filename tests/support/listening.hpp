// What servers of tests begin with.
#pragma once

#include "support/certificates.hpp"

#include <cstdint>

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace logpipe::test {

struct loopback_listener {
    int socket = -1;
    std::uint16_t port = 0;
};

/// TCP on a free port of 127.0.0.1; the caller closes the socket. Throws std::runtime_error.
[[nodiscard]] loopback_listener listen_on_loopback();

/// Of a server with that certificate, or null for no files; the caller frees it. Throws std::runtime_error.
[[nodiscard]] ssl_ctx_st* server_tls(certificate_files const& files);

}  // namespace logpipe::test
