#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/http_download.hpp"
#include "support/scratch_folder.hpp"

#include <atomic>

using namespace logpipe;
using namespace logpipe::http;
using test::download;
using test::http_exchange;
using test::http_script;
using test::options_for;

namespace {

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("TLS is verified against the CA file, by name", "[http_source]") {
    test::scratch_folder const folder;
    test::certificate_authority const authority{"test"};
    auto const ca_file = authority.write_certificate(folder.path("ca.crt"));
    auto const files = authority.issue(folder.path("server"), "IP:127.0.0.1");
    http_script const server{[](http_exchange& to) { to.answer("200 OK", "", "one\ntwo\n"); },
                             {.certificate = files.certificate, .key = files.key}};
    auto options = options_for(server.url());

    SECTION("trusted") {
        options.ca_file = ca_file;
        REQUIRE(download(options).records == texts{"one", "two"});
    }
    SECTION("unknown to the system") {
        auto const got = download(options);
        REQUIRE(got.failure->code == errc::unauthorized);
        REQUIRE_THAT(got.failure->message, ContainsSubstring("local issuer certificate"));
    }
    SECTION("for another name") {
        options.ca_file = ca_file;
        options.url = "https://localhost:" + std::to_string(server.port()) + "/";
        auto const got = download(options);
        REQUIRE(got.failure->code == errc::unauthorized);
        REQUIRE_THAT(got.failure->message, ContainsSubstring("hostname mismatch"));
    }
    SECTION("not at all, where that was set") {
        options.insecure_skip_verify = true;
        REQUIRE(download(options).records == texts{"one", "two"});
    }
    SECTION("with a CA file that is none") {
        options.ca_file = folder.path("nothing");
        REQUIRE(download(options).failure->code == errc::invalid_argument);
    }
}

TEST_CASE("over TLS a body without a length that is cut is not taken for whole", "[http_source]") {
    test::scratch_folder const folder;
    test::certificate_authority const authority{"test"};
    auto const ca_file = authority.write_certificate(folder.path("ca.crt"));
    auto const files = authority.issue(folder.path("server"), "IP:127.0.0.1");
    std::atomic<bool> cut{true};
    http_script const server{[&](http_exchange& to) {
                                 to.send("HTTP/1.1 200 OK\r\n\r\none\n");
                                 if (!cut.exchange(false)) return void(to.send("two\n"));
                                 to.drop();
                             },
                             {.certificate = files.certificate, .key = files.key}};
    auto options = options_for(server.url());
    options.ca_file = ca_file;
    REQUIRE(download(options).records == texts{"one", "two"});
    REQUIRE(server.requests().size() == 2);
}

TEST_CASE("https does not redirect to http", "[http_source]") {
    test::scratch_folder const folder;
    test::certificate_authority const authority{"test"};
    auto const ca_file = authority.write_certificate(folder.path("ca.crt"));
    auto const files = authority.issue(folder.path("server"), "IP:127.0.0.1");
    http_script const plain{[](http_exchange& to) { to.answer("200 OK", "", "one\n"); }};
    http_script const server{
        [&](http_exchange& to) { to.answer("302 Found", "Location: " + plain.url() + "\r\n", ""); },
        {.certificate = files.certificate, .key = files.key}};
    auto options = options_for(server.url());
    options.ca_file = ca_file;
    auto const got = download(options);
    REQUIRE(got.failure->code == errc::rejected);
    REQUIRE_THAT(got.failure->message, ContainsSubstring("from https to http"));
    REQUIRE(plain.requests().empty());
}
