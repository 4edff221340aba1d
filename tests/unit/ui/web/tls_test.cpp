// The page and its API by TLS.
#include "core/reload.hpp"
#include "started.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/http_client.hpp"
#include "support/scratch_folder.hpp"
#include "support/snapshots.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

#include <filesystem>

using namespace logpipe;
using namespace logpipe::web;
using namespace std::literals;

namespace {

/// A server with a certificate, and the CA that made it.
struct tls_world {
    test::scratch_folder folder;
    test::certificate_authority authority{"page"};
    std::string ca = authority.write_certificate(folder.path("ca"));
    test::certificate_files files = authority.issue(folder.path("server"), "DNS:localhost,IP:127.0.0.1");

    [[nodiscard]] web_options options() const {
        web_options made;
        made.snapshot = sample_snapshot;
        made.token = "open sesame";
        made.page.emplace();
        made.page->watch = [] { return std::vector<watched_process>{}; };
        made.certificate_file = files.certificate;
        made.key_file = files.key;
        return made;
    }
    [[nodiscard]] peer_access access(std::string ca_file) const {
        return {.token = "open sesame", .ca_file = std::move(ca_file)};
    }
};

std::string address_of(web_server const& server) {
    return fmt::format("https://127.0.0.1:{}", server.port());
}

}  // namespace

TEST_CASE("with a certificate all is asked by TLS, and by nothing else", "[tls]") {
    tls_world world;
    auto const server = start(world.options());
    auto const status = fetch_status(address_of(*server), 20s, world.access(world.ca));
    REQUIRE(status.has_value());
    CHECK(status->pid == sample_snapshot().pid);
    CHECK(fetch_status(fmt::format("127.0.0.1:{}", server->port()), 20s, world.access({})).has_error());
    http_client plain{server->port()};
    plain.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    plain.wait_until_closed_by_server();
}

TEST_CASE("a client asks a server only whose certificate it trusts", "[tls]") {
    tls_world world;
    auto const server = start(world.options());
    test::certificate_authority const other{"other"};
    auto const foreign =
        fetch_status(address_of(*server), 20s, world.access(other.write_certificate(world.folder.path("o"))));
    REQUIRE(foreign.has_error());
    CHECK(foreign.error().code == errc::not_connected);
    CHECK(fetch_status(address_of(*server), 20s, {.token = "open sesame", .insecure_skip_verify = true}).has_value());
}

TEST_CASE("a tap is followed by TLS", "[tls]") {
    class one_event final : public tap_reader {
      public:
        std::vector<tapped_event> take() override { return {{.where = "index", .tag = "t", .payload = "{}"}}; }
        [[nodiscard]] tap_counts counts() const override { return {}; }
    };
    tls_world world;
    auto options = world.options();
    options.tap = [](std::string const&, std::uint64_t) -> result<std::unique_ptr<tap_reader>> {
        return std::unique_ptr<tap_reader>{std::make_unique<one_event>()};
    };
    auto const server = start(std::move(options));
    std::string first;
    auto const followed = follow_tap(
        {.address = address_of(*server), .query = "stage=index", .access = world.access(world.ca)},
        [&](std::string_view line) {
            first = line;
            return false;
        },
        [] { return false; });
    REQUIRE(followed.has_value());
    CHECK_THAT(first, ContainsSubstring(R"("tag":"t")"));
}

TEST_CASE("SIGHUP serves a new certificate, and one that cannot be used leaves the old", "[tls]") {
    tls_world world;
    auto const server = start(world.options());
    auto const asks = [&](std::string const& ca) {
        return fetch_status(address_of(*server), 20s, world.access(ca)).has_value();
    };
    std::filesystem::copy_file(world.files.certificate, world.folder.path("kept"));
    world.folder.write("server.crt", "nothing");
    reload_files();
    CHECK(asks(world.ca));
    test::certificate_authority const next{"next"};
    auto const next_ca = next.write_certificate(world.folder.path("next_ca"));
    static_cast<void>(next.issue(world.folder.path("server"), "IP:127.0.0.1"));
    reload_files();
    CHECK(asks(next_ca));
    CHECK_FALSE(asks(world.ca));
}

TEST_CASE("a certificate without its key, and one that is none, are rejected at start", "[tls]") {
    tls_world world;
    auto options = world.options();
    options.key_file.clear();
    CHECK(start_web_server(options).error().code == errc::invalid_argument);
    options = world.options();
    options.certificate_file = world.folder.write("bad", "nothing");
    auto const rejected = start_web_server(options);
    CHECK(rejected.error().code == errc::invalid_argument);
    CHECK_THAT(rejected.error().message, ContainsSubstring(options.certificate_file));
}
