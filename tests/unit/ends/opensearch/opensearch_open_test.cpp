// What the sink asks before it sends, and how it says who it is.
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include "sink_support.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

TEST_CASE("open() fails while the server is away, and can be called again", "[opensearch_sink]") {
    opensearch_sink_options options;
    {
        bulk_script gone{[](bulk_ask const&) { return bulk_reply{}; }};
        options = options_for(gone);
    }
    finished_batches finished;
    auto const sink = make_opensearch_sink(options);
    auto const opened = sink->open(finished);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == errc::not_connected);
    CHECK(opened.error().message.contains(options.connection.address));
    sink->cancel();
    CHECK(sink->open(finished).error().code == errc::cancelled);
}

TEST_CASE("options that can never work are an error", "[opensearch_sink]") {
    finished_batches finished;
    auto const code_of = [&](opensearch_sink_options options) {
        return make_opensearch_sink(std::move(options))->open(finished).error().code;
    };
    CHECK(code_of({.index = ""}) == errc::invalid_argument);
    CHECK(code_of({.connection = {.address = "a:b"}, .index = "logs"}) == errc::invalid_argument);
    CHECK(code_of({.connection = {.username = "u", .api_key = "k"}, .index = "logs"}) == errc::invalid_argument);
    CHECK(code_of({.connection = {.api_key = "k\r\nX: y"}, .index = "logs"}) == errc::invalid_argument);
    CHECK(code_of({.connection = {.tls = true, .ca_file = "/nowhere"}, .index = "logs"}) == errc::invalid_argument);
    CHECK(code_of({.index = "logs", .requests_in_flight_max = 0}) == errc::invalid_argument);
}

TEST_CASE("the template is put before the index is made", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto options = options_for(server);
    options.check_mapping = true;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    auto const asks = server.asks();
    REQUIRE(asks.size() == 4);
    CHECK(asks[0].head.starts_with("GET /logs/_mapping "));
    CHECK(asks[1].head.starts_with("GET /_index_template/logpipe-logs "));
    CHECK(asks[2].head.starts_with("POST /_index_template/_simulate_index/logs "));
    CHECK(asks[3].head.starts_with("PUT /_index_template/logpipe-logs "));
    CHECK(asks[3].body == opensearch_template("logs", formats::nginx_mapping().documents));
    CHECK(server.connections() == 1);
}

TEST_CASE("user and password, or an API key, go with every request", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto options = options_for(server);
    std::string expected = "\r\nAuthorization: ApiKey c2VjcmV0\r\n";
    if (GENERATE(true, false)) {
        options.connection.username = "admin";
        options.connection.password = "admin";
        expected = "\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n";
    } else {
        options.connection.api_key = "c2VjcmV0";
    }
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 1));
    REQUIRE(finished.wait(1).size() == 1);
    for (auto const& ask : server.asks()) CHECK(ask.head.contains(expected));
}

TEST_CASE("a kept connection that the server has closed is reopened without a wait", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        auto reply = index.create(ask);
        reply.then_close = true;
        return reply;
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 1;
    options.retry_first = options.retry_longest = 60s;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 3; ++i) {
        REQUIRE(write_documents(*sink, i, i + 1));
        REQUIRE(finished.wait(i + 1).size() == i + 1);
    }
    CHECK(sink->status().retries == 0);
    CHECK(index.documents().size() == 3);
}

TEST_CASE("TLS is spoken with a server whose certificate the CA file vouches for, and with no other",
          "[opensearch_sink]") {
    scratch_folder const folder;
    certificate_authority const trusted{"trusted"};
    certificate_authority const other{"other"};
    auto const files = trusted.issue(folder.path("server"), "IP:127.0.0.1");
    auto const trusted_file = trusted.write_certificate(folder.path("trusted.crt"));
    auto const other_file = other.write_certificate(folder.path("other.crt"));
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); },
                       {.certificate = files.certificate, .key = files.key}};
    finished_batches finished;
    auto options = options_for(server);
    options.connection.tls = true;
    options.connection.ca_file = other_file;
    auto const refused = make_opensearch_sink(options)->open(finished);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::unauthorized);
    CHECK(refused.error().message.contains("certificate verify failed"));
    CHECK(refused.error().message.ends_with(": unable to get local issuer certificate"));

    options.connection.ca_file = trusted_file;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 2000));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 2000, .indexed = 2000});
}
