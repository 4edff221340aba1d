// TLS as every end of logpipe uses it: 1.2 or newer, the peer's certificate and name verified.
#pragma once

#include "logpipe/result.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include <string>

namespace logpipe::net {

struct tls_client_options {
    std::string ca_file;  ///< PEM; empty = the system's certificates (SSL_CERT_FILE and SSL_CERT_DIR are followed)
    std::string certificate_file;  ///< PEM, for peers that require one
    std::string key_file;
    bool insecure_skip_verify = false;
};

struct tls_server_options {
    std::string certificate_file;  ///< PEM, the chain
    std::string key_file;
    std::string client_ca_file;  ///< set: clients must show a certificate of it
};

/// Verifies the peer's chain; the caller sets the name to verify and SNI on the stream with set_peer_name().
[[nodiscard]] result<boost::asio::ssl::context> make_tls_client(tls_client_options const& options);
[[nodiscard]] result<boost::asio::ssl::context> make_tls_server(tls_server_options const& options);

/// SNI and the name that the certificate must have; an IP address is checked as one.
[[nodiscard]] result<> set_peer_name(::SSL* stream, std::string const& host);

/// Why a handshake failed, and what is wrong with the peer's certificate where that is the reason, as that it has
/// expired. @return errc::unauthorized for a certificate that is not trusted, errc::not_connected
[[nodiscard]] error handshake_error(::SSL* stream, boost::system::error_code failed);

}  // namespace logpipe::net
