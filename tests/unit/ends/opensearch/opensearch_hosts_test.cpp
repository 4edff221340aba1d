// Several servers of one cluster: who gets a request, and what becomes of it where one of them fails.
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include "sink_support.hpp"

#include "core/reload.hpp"

#include <algorithm>
#include <atomic>
#include <memory>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

opensearch_sink_options options_for_both(std::string const& first, std::string const& second) {
    bulk_script const any{[](bulk_ask const&) { return bulk_reply{}; }};
    auto options = options_for(any);
    options.connection.address = first + "," + second;
    options.requests_in_flight_max = 1;
    options.retry_first = options.retry_longest = 60s;  // whoever waits instead of asking the other one hangs
    return options;
}

/// An address where nobody listens.
std::string closed_address() {
    return bulk_script{[](bulk_ask const&) { return bulk_reply{}; }}.address();
}

std::size_t bulk_asks(bulk_script const& of) {
    auto const asks = of.asks();
    return static_cast<std::size_t>(std::ranges::count_if(asks, &bulk_ask::is_bulk));
}

}  // namespace

TEST_CASE("requests take turns over the hosts", "[opensearch_sink]") {
    script_index index;
    auto const serve = [&](bulk_ask const& ask) { return index.create(ask); };
    bulk_script one{serve};
    bulk_script two{serve};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for_both(one.address(), two.address()));
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 6; ++i) {
        REQUIRE(write_documents(*sink, i, i + 1));
        REQUIRE(finished.wait(i + 1).size() == i + 1);
    }
    CHECK(bulk_asks(one) == 3);
    CHECK(bulk_asks(two) == 3);
    CHECK(gauge_of(sink->status(), "hosts_up") == 2);
}

TEST_CASE("what is in flight to a host that dies goes to another one, where it meets its ids", "[opensearch_sink]") {
    script_index index;
    bulk_script dies{[&](bulk_ask const& ask) {
        (void)index.create(ask);
        return bulk_reply{.how = bulk_reply::manner::reset};
    }};
    bulk_script lives{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for_both(dies.address(), lives.address()));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 10));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 10, .duplicates = 10});
    REQUIRE(write_documents(*sink, 10, 20));
    CHECK(total_of(finished.wait(2)) == event_counts{.in = 20, .indexed = 10, .duplicates = 10});
    CHECK(index.documents().size() == 20);
    auto const now = sink->status();
    CHECK(now.up);
    CHECK_THAT(now.reason, ContainsSubstring("1 of 2 hosts down, the others are used: " + dies.address()));
    CHECK(gauge_of(now, "hosts_down") == 1);
    CHECK(gauge_of(now, "documents_retried_total") == 10);
}

TEST_CASE("a host that refuses, or is cut off from its cluster, costs no wait", "[opensearch_sink]") {
    script_index index;
    bulk_script lives{[&](bulk_ask const& ask) { return index.create(ask); }};
    bulk_script unavailable{
        [](bulk_ask const&) { return bulk_reply{.status = "503 Service Unavailable", .body = "{}"}; }};
    finished_batches finished;
    auto const bad = GENERATE(true, false) ? closed_address() : unavailable.address();
    auto const sink = make_opensearch_sink(options_for_both(bad, lives.address()));
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 4; ++i) {
        REQUIRE(write_documents(*sink, i, i + 1));
        REQUIRE(finished.wait(i + 1).size() == i + 1);
    }
    CHECK(index.documents().size() == 4);
    CHECK(sink->status().up);
    CHECK(gauge_of(sink->status(), "hosts_down") == 1);
}

TEST_CASE("a host that is up again gets requests again", "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> away{true};
    bulk_script comes_back{[&](bulk_ask const& ask) {
        return away ? bulk_reply{.status = "503 Service Unavailable", .body = "{}"} : index.create(ask);
    }};
    bulk_script lives{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for_both(comes_back.address(), lives.address()));
    REQUIRE(sink->open(finished).has_value());
    std::uint64_t written = 0;
    auto const write_one = [&] {
        auto const done = write_documents(*sink, written, written + 1) && finished.wait(written + 1).size() > written;
        ++written;
        return done;
    };
    REQUIRE(write_one());
    CHECK(gauge_of(sink->status(), "hosts_down") == 1);
    away = false;
    REQUIRE(comes_true([&] { return write_one() && gauge_of(sink->status(), "hosts_up") == 2; }));
    CHECK(sink->status().reason.empty());
    CHECK(index.documents().size() == written);
}

TEST_CASE("where all hosts are down the stage is down, until one is back", "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> away{true};
    auto const serve = [&](bulk_ask const& ask) {
        return away ? bulk_reply{.status = "503 Service Unavailable", .body = "{}"} : index.create(ask);
    };
    bulk_script one{serve};
    bulk_script two{serve};
    finished_batches finished;
    auto options = options_for_both(one.address(), two.address());
    options.retry_first = options.retry_longest = 1ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 5));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK_THAT(sink->status().reason, ContainsSubstring("HTTP 503"));
    CHECK(gauge_of(sink->status(), "hosts_up") == 0);
    away = false;
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 5, .indexed = 5});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("a body that breaks every host waits before it is sent again", "[opensearch_sink]") {
    std::atomic<int> asked{0};
    auto const reset = [&](bulk_ask const&) {
        ++asked;
        return bulk_reply{.how = bulk_reply::manner::reset};
    };
    bulk_script one{reset};
    bulk_script two{reset};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for_both(one.address(), two.address()));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 1));
    REQUIRE(comes_true([&] { return sink->status().retries == 2; }));
    CHECK(asked == 2);
    sink->cancel();
}

TEST_CASE("open() says of every host why it does not respond", "[opensearch_sink]") {
    auto const first = closed_address();
    auto const second = closed_address();
    finished_batches finished;
    auto const opened = make_opensearch_sink(options_for_both(first, second))->open(finished);
    REQUIRE(opened.has_error());
    CHECK(opened.error().code == errc::not_connected);
    CHECK(opened.error().message.contains(first));
    CHECK(opened.error().message.contains(second));
}

TEST_CASE("a host whose certificate is not trusted is down, and the others are used", "[opensearch_sink]") {
    scratch_folder const folder;
    certificate_authority const trusted{"trusted"};
    certificate_authority const other{"other"};
    script_index index;
    auto const serve = [&](bulk_ask const& ask) { return index.create(ask); };
    bulk_script stranger{serve, other.issue(folder.path("stranger"), "IP:127.0.0.1")};
    bulk_script known{serve, trusted.issue(folder.path("known"), "IP:127.0.0.1")};
    finished_batches finished;
    auto options = options_for_both(stranger.address(), known.address());
    options.connection.tls = true;
    options.connection.ca_file = trusted.write_certificate(folder.path("trusted.crt"));
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 3));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 3, .indexed = 3});
    CHECK(bulk_asks(stranger) == 0);
    CHECK(gauge_of(sink->status(), "hosts_down") == 1);
}

TEST_CASE("a password that is replaced while running goes to every host", "[opensearch_sink]") {
    script_index index;
    auto const serve = [&](bulk_ask const& ask) { return index.create(ask); };
    bulk_script one{serve};
    bulk_script two{serve};
    scratch_folder const folder;
    finished_batches finished;
    auto options = options_for_both(one.address(), two.address());
    options.connection.username = "u";
    options.connection.password = "old";
    options.connection.password_file = folder.write("password", "new\n");
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    std::uint64_t written = 0;
    auto const write_one = [&] {
        auto const done = write_documents(*sink, written, written + 1);
        ++written;
        return finished.wait(written).size() == written && done;
    };
    auto const is_new = [](bulk_script const& server) {
        return server.asks().back().head.contains("\r\nAuthorization: Basic dTpuZXc=\r\n");
    };
    REQUIRE((write_one() && write_one()));
    CHECK_FALSE((is_new(one) || is_new(two)));
    reload_files();
    // A request that is made at that moment may still go with the old one.
    CHECK(comes_true([&] { return write_one() && is_new(one) && is_new(two); }));
    CHECK(written <= 5);
}

TEST_CASE("a gateway's prefix is before every path", "[opensearch_admin]") {
    bulk_script server{[](bulk_ask const&) { return bulk_reply{}; }};
    auto const admin = make_opensearch_admin({.address = server.address(), .path_prefix = "/gateway/search"});
    CHECK(admin->count("logs").has_error());
    REQUIRE(server.asks().size() == 1);
    CHECK(server.asks()[0].head.starts_with("GET /gateway/search/logs/_count "));
}

TEST_CASE("an operator's requests go to the first host that responds", "[opensearch_admin]") {
    bulk_script lives{[](bulk_ask const&) { return bulk_reply{}; }};
    auto const admin = make_opensearch_admin({.address = closed_address() + "," + lives.address()});
    CHECK(admin->count("logs").error().code == errc::not_found);  // as the script responds
    CHECK(lives.asks().size() == 2);
}
