// Options that every client of a server has.
#pragma once

#include "core/options.hpp"

#include <string>

namespace logpipe::net {

/// connect-timeout, ca-file and insecure-skip-verify, bound to these members of one struct.
template <auto Connect, auto CaFile, auto Insecure>
auto client_options() {
    auto all = duration<Connect>("connect-timeout", "Connect timeout.", {.least = 1});
    auto add = [&all](auto const& more) { all.insert(all.end(), more.begin(), more.end()); };
    add(text<CaFile>("ca-file", "FILE",
                     "Certificates (PEM) that a server's must be signed by; default: the system's."));
    add(flag<Insecure>("insecure-skip-verify", "Accept any certificate of a server."));
    return all;
}

/// Of a sink that is opened only after its source, which may take for ever: a CA file that cannot be used is known at
/// start. @return errc::invalid_argument
[[nodiscard]] result<> check_ca_file(std::string const& path);

}  // namespace logpipe::net
