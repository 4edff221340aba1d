#include "net/client_options.hpp"

#include "net/tls.hpp"

namespace logpipe::net {

result<> check_ca_file(std::string const& path) {
    auto const made = make_tls_client({.ca_file = path, .certificate_file = {}, .key_file = {}});
    if (!made) return made.error();
    return {};
}

}  // namespace logpipe::net
