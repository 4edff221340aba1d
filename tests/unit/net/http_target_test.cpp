#include "net/http_target.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;
using namespace logpipe::net;

namespace {

/// As the options of a sink name its server.
struct server_options {
    std::string address;
    bool tls = false;
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{1'000};
    std::chrono::milliseconds request_timeout{2'000};
};

}  // namespace

TEST_CASE("a client's target is made of its options, with the usual port where none is given", "[http_target]") {
    auto const plain = make_http_target(server_options{.address = "search", .ca_file = {}}, 9200);
    REQUIRE(plain.has_value());
    CHECK(plain->name == "search:9200");
    CHECK_FALSE(plain->tls.has_value());
    CHECK(plain->timeouts.connect == std::chrono::seconds{1});
    CHECK(plain->timeouts.request == std::chrono::seconds{2});

    auto const over_tls = make_http_target(server_options{.address = "search:1", .tls = true, .ca_file = {}}, 9200);
    REQUIRE(over_tls.has_value());
    CHECK(over_tls->name == "search:1");
    CHECK(over_tls->tls.has_value());

    CHECK(make_http_target(server_options{.address = "search:x", .ca_file = {}}, 9200).error().code ==
          errc::invalid_argument);
    CHECK(make_http_target(server_options{.address = "search", .tls = true, .ca_file = "/nowhere"}, 9200).has_error());
}
