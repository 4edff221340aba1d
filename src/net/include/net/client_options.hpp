// Options that every client of a server has.
#pragma once

#include "core/options.hpp"

namespace logpipe::net {

/// ca-file and insecure-skip-verify, bound to these members of one struct.
template <auto CaFile, auto Insecure>
auto verification_options() {
    return joined(
        text<CaFile>("ca-file", "FILE", "CA certificates (PEM) by which a server is verified; default: the system's."),
        flag<Insecure>("insecure-skip-verify", "Accept any certificate of a server."));
}

/// client-certificate-file and client-key-file.
template <auto Certificate, auto Key>
auto certificate_options() {
    return joined(
        text<Certificate>("client-certificate-file", "FILE", "Client certificate (PEM) to show to the server."),
        text<Key>("client-key-file", "FILE", "Private key (PEM) of the client certificate."));
}

/// connect-timeout, and those of verification.
template <auto Connect, auto CaFile, auto Insecure>
auto client_options() {
    return joined(duration<Connect>("connect-timeout", "Connect timeout.", {.least = 1}),
                  verification_options<CaFile, Insecure>());
}

}  // namespace logpipe::net
