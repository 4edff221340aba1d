#include "support/listening.hpp"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

namespace logpipe::test {

loopback_listener listen_on_loopback() {
    loopback_listener made{.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const plain = reinterpret_cast<sockaddr*>(&address);
    if (bind(made.socket, plain, bytes) != 0 || listen(made.socket, 16) != 0 ||
        getsockname(made.socket, plain, &bytes) != 0)
        throw std::system_error{errno, std::generic_category(), "listening on 127.0.0.1"};
    made.port = ntohs(address.sin_port);
    return made;
}

ssl_ctx_st* server_tls(certificate_files const& files) {
    if (files.certificate.empty()) return nullptr;
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
    auto* const context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
        throw std::runtime_error{"bad certificate files"};
    return context;
}

}  // namespace logpipe::test
