#include "net/tls.hpp"

#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/scratch_folder.hpp"

#include <openssl/ssl.h>

#include <memory>

using namespace logpipe;
using namespace logpipe::net;
using namespace logpipe::test;
namespace ssl = boost::asio::ssl;

namespace {

using stream_pointer = std::unique_ptr<SSL, decltype(&SSL_free)>;

/// A handshake in memory. @return whether both sides agreed.
bool agree(ssl::context& client_context, ssl::context& server_context, std::string const& name) {
    stream_pointer const client{SSL_new(client_context.native_handle()), SSL_free};
    stream_pointer const server{SSL_new(server_context.native_handle()), SSL_free};
    BIO* client_side = nullptr;
    BIO* server_side = nullptr;
    REQUIRE(BIO_new_bio_pair(&client_side, 0, &server_side, 0) == 1);
    SSL_set_bio(client.get(), client_side, client_side);
    SSL_set_bio(server.get(), server_side, server_side);
    if (auto named = set_peer_name(client.get(), name); !named) return false;
    SSL_set_connect_state(client.get());
    SSL_set_accept_state(server.get());
    // Each round moves what the other side has written; a handshake has far fewer.
    for (int round = 0; round < 20; ++round) {
        auto const client_done = SSL_do_handshake(client.get());
        auto const server_done = SSL_do_handshake(server.get());
        if (client_done == 1 && server_done == 1) return true;
        auto const waits = [](SSL* side, int done) {
            return done == 1 || SSL_get_error(side, done) == SSL_ERROR_WANT_READ;
        };
        if (!waits(client.get(), client_done) || !waits(server.get(), server_done)) return false;
    }
    return false;
}

struct fixture {
    scratch_folder folder;
    certificate_authority authority{"test CA"};
    certificate_authority stranger{"another CA"};
    std::string ca = authority.write_certificate(folder.path("ca.crt"));
    std::string other_ca = stranger.write_certificate(folder.path("other.crt"));
    certificate_files server = authority.issue(folder.path("server"), "DNS:localhost,IP:127.0.0.1");
};

}  // namespace

TEST_CASE("a client trusts what its CA has signed, for the name that it asked for", "[tls]") {
    fixture const files;
    auto server = make_tls_server(
        {.certificate_file = files.server.certificate, .key_file = files.server.key, .client_ca_file = ""});
    REQUIRE(server.has_value());
    auto const attempt_with = [&](tls_client_options const& options, std::string const& name) {
        auto client = make_tls_client(options);
        REQUIRE(client.has_value());
        return agree(*client, *server, name);
    };
    tls_client_options trusting;
    trusting.ca_file = files.ca;
    CHECK(attempt_with(trusting, "localhost"));
    CHECK(attempt_with(trusting, "127.0.0.1"));
    CHECK_FALSE(attempt_with(trusting, "example.org"));
    CHECK_FALSE(attempt_with(trusting, "127.0.0.2"));
    tls_client_options strange;
    strange.ca_file = files.other_ca;
    CHECK_FALSE(attempt_with(strange, "localhost"));
    CHECK_FALSE(attempt_with({}, "localhost"));
    tls_client_options insecure;
    insecure.insecure_skip_verify = true;
    CHECK(attempt_with(insecure, "example.org"));
}

TEST_CASE("a server that asks for client certificates takes only those of its CA", "[tls]") {
    fixture const files;
    auto server = make_tls_server(
        {.certificate_file = files.server.certificate, .key_file = files.server.key, .client_ca_file = files.ca});
    REQUIRE(server.has_value());
    auto const attempt_with = [&](certificate_files const& shown) {
        auto client = make_tls_client({.ca_file = files.ca,
                                       .certificate_file = shown.certificate,
                                       .key_file = shown.key,
                                       .insecure_skip_verify = false});
        REQUIRE(client.has_value());
        return agree(*client, *server, "localhost");
    };
    CHECK(attempt_with(files.authority.issue(files.folder.path("client"), "DNS:client")));
    CHECK_FALSE(attempt_with(files.stranger.issue(files.folder.path("thief"), "DNS:client")));
    CHECK_FALSE(attempt_with({}));
}

TEST_CASE("files that cannot be used are named", "[tls]") {
    fixture const files;
    auto const other = files.authority.issue(files.folder.path("second"), "DNS:x");
    auto const server_error = [](tls_server_options const& options) {
        auto const made = make_tls_server(options);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().code == errc::invalid_argument);
        return made.error().message;
    };
    auto const text = files.folder.write("text", "no certificate");
    CHECK_THAT(server_error({.certificate_file = "/nowhere.crt", .key_file = files.server.key, .client_ca_file = ""}),
               ContainsSubstring("/nowhere.crt"));
    CHECK_THAT(server_error({.certificate_file = files.server.certificate, .key_file = text, .client_ca_file = ""}),
               ContainsSubstring(text));
    CHECK_THAT(
        server_error({.certificate_file = files.server.certificate, .key_file = other.key, .client_ca_file = ""}),
        ContainsSubstring(other.key));
    CHECK_THAT(server_error({.certificate_file = files.server.certificate, .key_file = "", .client_ca_file = ""}),
               ContainsSubstring("key"));
    CHECK_THAT(server_error({}), ContainsSubstring("certificate"));
    CHECK_THAT(server_error({.certificate_file = files.server.certificate,
                             .key_file = files.server.key,
                             .client_ca_file = "/nowhere.ca"}),
               ContainsSubstring("/nowhere.ca"));
    tls_client_options client;
    client.ca_file = text;
    auto const made = make_tls_client(client);
    REQUIRE_FALSE(made.has_value());
    CHECK_THAT(made.error().message, ContainsSubstring(text));
}
