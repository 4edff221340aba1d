#include "net/tls.hpp"

#include "core/secrets.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>

namespace logpipe::net {

namespace ssl = boost::asio::ssl;

namespace {

/// Calls `step` of the context, and says what failed.
template <class Step>
result<> configure(std::string_view what, std::string const& file, Step step) {
    boost::system::error_code failed;
    step(failed);
    if (!failed) return {};
    return error{errc::invalid_argument, fmt::format("cannot use {} \"{}\": {}", what, file, failed.message())};
}

result<> use_certificate(ssl::context& context, std::string const& certificate_file, std::string const& key_file) {
    if (certificate_file.empty() && key_file.empty()) return {};
    if (certificate_file.empty() || key_file.empty())
        return error{errc::invalid_argument, "certificate file and key file go together: give both or neither"};
    if (auto usable = check_secret_file(key_file); !usable) return usable;
    auto used = configure("certificate", certificate_file,
                          [&](auto& failed) { context.use_certificate_chain_file(certificate_file, failed); });
    if (!used) return used;
    used = configure("key", key_file,
                     [&](auto& failed) { context.use_private_key_file(key_file, ssl::context::pem, failed); });
    if (!used) return used;
    if (SSL_CTX_check_private_key(context.native_handle()) != 1) {
        ERR_clear_error();
        return error{errc::invalid_argument,
                     fmt::format("key \"{}\" does not belong to certificate \"{}\"", key_file, certificate_file)};
    }
    return {};
}

result<> require_modern(ssl::context& context) {
    if (SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION) == 1) return {};
    return error{errc::invalid_argument, "this OpenSSL does not support TLS 1.2"};
}

}  // namespace

result<ssl::context> make_tls_client(tls_client_options const& options) {
    ssl::context context{ssl::context::tls_client};
    if (auto done = require_modern(context); !done) return done.error();
    if (auto done = use_certificate(context, options.certificate_file, options.key_file); !done) return done.error();
    if (options.insecure_skip_verify) {
        context.set_verify_mode(ssl::verify_none);
        return context;
    }
    context.set_verify_mode(ssl::verify_peer);
    auto const trusted = options.ca_file.empty()
                             ? configure("the system's certificates", "",
                                         [&](auto& failed) { context.set_default_verify_paths(failed); })
                             : configure("CA file", options.ca_file,
                                         [&](auto& failed) { context.load_verify_file(options.ca_file, failed); });
    if (!trusted) return trusted.error();
    return context;
}

result<ssl::context> make_tls_server(tls_server_options const& options) {
    if (options.certificate_file.empty()) return error{errc::invalid_argument, "a TLS server needs a certificate file"};
    ssl::context context{ssl::context::tls_server};
    if (auto done = require_modern(context); !done) return done.error();
    if (auto done = use_certificate(context, options.certificate_file, options.key_file); !done) return done.error();
    if (options.client_ca_file.empty()) return context;
    auto const trusted = configure("client CA file", options.client_ca_file,
                                   [&](auto& failed) { context.load_verify_file(options.client_ca_file, failed); });
    if (!trusted) return trusted.error();
    context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    return context;
}

result<> set_peer_name(::SSL* stream, std::string const& host) {
    boost::system::error_code is_name;
    boost::asio::ip::make_address(host, is_name);
    // SNI carries names only (RFC 6066 section 3); a certificate names an address in its own field.
    bool const done =
        is_name ? SSL_set_tlsext_host_name(stream, host.c_str()) == 1 && SSL_set1_host(stream, host.c_str()) == 1
                : X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(stream), host.c_str()) == 1;
    if (done) return {};
    ERR_clear_error();
    return error{errc::invalid_argument, fmt::format("invalid host name \"{}\": TLS cannot verify it", host)};
}

error handshake_error(::SSL* stream, boost::system::error_code failed) {
    bool const is_tls = failed.category() == boost::asio::error::get_ssl_category();
    auto const code = is_tls ? errc::unauthorized : errc::not_connected;
    auto const reason = SSL_get_verify_result(stream);
    if (reason == X509_V_OK || SSL_get_verify_mode(stream) == SSL_VERIFY_NONE)
        return {code, fmt::format("TLS: {}", failed.message())};
    return {code, fmt::format("TLS: {}: {}", failed.message(), X509_verify_cert_error_string(reason))};
}

}  // namespace logpipe::net
