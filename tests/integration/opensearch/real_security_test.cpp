// TLS, names and passwords, against a server with the security plugin.
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "real_server.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

std::string variable(char const* name) {
    auto const* const value = std::getenv(name);
    if (value == nullptr) throw std::runtime_error{std::string{name} + " is not set"};
    return value;
}

opensearch_connection secure_server() {
    return {.address = variable("LOGPIPE_OPENSEARCH_TLS"),
            .tls = true,
            .ca_file = variable("LOGPIPE_OPENSEARCH_CA"),
            .username = variable("LOGPIPE_OPENSEARCH_USER"),
            .password = variable("LOGPIPE_OPENSEARCH_PASSWORD")};
}

opensearch_sink_options options_for(opensearch_connection connection) {
    return {.connection = std::move(connection), .index = "secure-logs", .retry_first = 10ms, .probe_longest = 50ms};
}

error open_error(opensearch_connection connection) {
    finished_batches finished;
    auto const opened = make_opensearch_sink(options_for(std::move(connection)))->open(finished);
    REQUIRE_FALSE(opened.has_value());
    return opened.error();
}

}  // namespace

TEST_CASE("documents go in over TLS with name and password", "[opensearch][security]") {
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(secure_server()));
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, 3000);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts.indexed + batches[0].counts.duplicates == 3000);
}

TEST_CASE("a wrong password and a certificate of somebody else are told in one line", "[opensearch][security]") {
    auto wrong = secure_server();
    wrong.password += "x";
    auto const password = open_error(wrong);
    CHECK(password.code == errc::unauthorized);
    CHECK(password.message.contains("HTTP 401"));

    auto other = secure_server();
    other.ca_file = variable("LOGPIPE_TEST_OTHER_CA");
    auto const certificate = open_error(other);
    CHECK(certificate.code == errc::unauthorized);
    CHECK(certificate.message.contains("certificate verify failed"));
}

TEST_CASE("a user without rights is held, and told which one is missing", "[opensearch][security]") {
    auto stranger = secure_server();
    stranger.username = variable("LOGPIPE_OPENSEARCH_STRANGER");
    stranger.password = variable("LOGPIPE_OPENSEARCH_STRANGER_PASSWORD");
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(stranger));
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, 3);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("security_exception"));
    CHECK(sink->status().reason.contains("needs the right"));
    CHECK(finished.count() == 0);
}
