// Options that every listener with TLS has.
#pragma once

#include "core/options.hpp"

namespace logpipe::net {

/// certificate-file, key-file and client-ca-file, bound to these members of one struct.
template <auto Certificate, auto Key, auto ClientCa>
auto listener_certificate_options() {
    return joined(joined(text<Certificate>("certificate-file", "FILE", "TLS: certificate chain (PEM) of a listener."),
                         text<Key>("key-file", "FILE", "TLS: private key (PEM) of a listener.")),
                  text<ClientCa>("client-ca-file", "FILE",
                                 "TLS: CA certificates (PEM) by which clients are verified; default: clients need no "
                                 "certificate."));
}

}  // namespace logpipe::net
