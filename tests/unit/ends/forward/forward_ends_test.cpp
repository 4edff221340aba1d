// Source and sink against each other, over loopback.
#include "support/forward_ends.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <thread>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;

namespace {

batch numbered(std::uint64_t chunk, int count) {
    batch events;
    auto const tag = events.tag_index("app.follow");
    event_id const first{.high = chunk, .low = 0};
    for (int i = 0; i < count; ++i)
        events.append(tag, chunk == 0 ? event_id{} : first.at(static_cast<std::uint32_t>(i)),
                      1'700'000'000'123'456'789 + i, fmt::format(R"({{"chunk":{},"n":{}}})", chunk, i));
    return events;
}

/// Reads and commits until the source ends, as a pump would.
std::vector<std::string> drain(forward_source& from, std::size_t count) {
    std::vector<std::string> records;
    while (records.size() < count) {
        for (auto const& one : read_events(from, 1)) {
            for (auto const& row : one.events) records.emplace_back(one.record(row));
            commit_to(from, one.end_offset);
        }
    }
    return records;
}

}  // namespace

TEST_CASE("what a forward sink sends, a forward source gives, and the ack finishes the batch", "[forward_ends]") {
    auto const compress = GENERATE(false, true);
    auto const source = listening();
    finished_batches finished;
    auto const sink = make_forward_sink({.connect = fmt::format("127.0.0.1:{}", source->port()), .compress = compress});
    REQUIRE(sink->open(finished).has_value());
    CHECK(sink->status().up);
    auto events = numbered(42, 100);
    events.reject(50, "elsewhere", "bad");
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const got = read_events(*source, 99);
    CHECK(got[0].record(got[0].events[0]) == R"({"chunk":42,"n":0})");
    CHECK(got[0].events[0].time_ns == 1'700'000'000'123'456'789);
    CHECK(got[0].record(got[0].events[50]) == R"({"chunk":42,"n":51})");
    CHECK(got[0].tags[got[0].events[0].tag] == "app.follow");
    CHECK(finished.count() == 0);
    commit_to(*source, got[0].end_offset);
    auto const done = finished.wait(1);
    REQUIRE(done.size() == 1);
    CHECK(done[0].counts.indexed == 99);
    CHECK(done[0].rejections.size() == 1);
}

TEST_CASE("a chunk that is retried makes the same ids", "[forward_ends]") {
    auto const source = listening();
    finished_batches finished;
    std::vector<std::vector<event_id>> ids;
    for (int run = 0; run < 2; ++run) {
        auto const sink = make_forward_sink({.connect = fmt::format("127.0.0.1:{}", source->port())});
        REQUIRE(sink->open(finished).has_value());
        auto events = numbered(7, 10);
        REQUIRE(sink->write(events).has_value());
        auto const got = read_events(*source, 10);
        auto& run_ids = ids.emplace_back();
        for (auto const& row : got[0].events) run_ids.push_back(row.id);
        commit_to(*source, got[0].end_offset);
        CHECK(finished.wait(static_cast<std::size_t>(run) + 1).size() == static_cast<std::size_t>(run) + 1);
    }
    CHECK(ids[0] == ids[1]);
    CHECK(ids[0][3].index() == 3);
    CHECK(ids[0][3].at(0) == ids[0][0]);
}

TEST_CASE("many batches in flight all arrive, in order, and all finish", "[forward_ends]") {
    auto const source = listening();
    finished_batches finished;
    auto const sink = make_forward_sink({.connect = fmt::format("127.0.0.1:{}", source->port()), .in_flight_max = 4});
    REQUIRE(sink->open(finished).has_value());
    std::vector<std::string> records;
    std::jthread reader{[&] { records = drain(*source, 60 * 20); }};
    for (std::uint64_t chunk = 1; chunk <= 60; ++chunk) {
        auto events = numbered(chunk % 3 == 0 ? 0 : chunk, 20);
        REQUIRE(sink->write(events).has_value());
        CHECK(events.empty());
    }
    CHECK(finished.wait(60).size() == 60);
    reader.join();
    CHECK(records.front() == R"({"chunk":1,"n":0})");
    CHECK(records.back() == R"({"chunk":0,"n":19})");
    CHECK(records.size() == 1200);
}

TEST_CASE("both sides prove that they know the shared key", "[forward_ends]") {
    auto const source = listening({.shared_key = "secret"});
    finished_batches finished;
    auto const address = fmt::format("127.0.0.1:{}", source->port());
    auto const sink = make_forward_sink({.connect = address, .shared_key = "secret"});
    REQUIRE(sink->open(finished).has_value());
    auto events = numbered(1, 1);
    REQUIRE(sink->write(events).has_value());
    CHECK(drain(*source, 1).size() == 1);
    CHECK(finished.wait(1).size() == 1);

    auto const stranger = make_forward_sink({.connect = address, .shared_key = "guess"});
    auto const rejected = stranger->open(finished);
    REQUIRE_FALSE(rejected.has_value());
    CHECK(rejected.error().code == errc::unauthorized);
    CHECK_THAT(rejected.error().message, ContainsSubstring("shared key mismatch"));
    CHECK_FALSE(stranger->status().up);
}

TEST_CASE("users log in by their passwords, with a shared key or without", "[forward_ends]") {
    auto const* const key = GENERATE("", "secret");
    auto const source = listening({.shared_key = key, .users = {{"alice", "wonder:land"}}});
    finished_batches finished;
    auto const sink_of = [&](std::string username, std::string password) {
        return make_forward_sink({.connect = fmt::format("127.0.0.1:{}", source->port()),
                                  .shared_key = key,
                                  .username = std::move(username),
                                  .password = std::move(password)});
    };
    auto const sink = sink_of("alice", "wonder:land");
    REQUIRE(sink->open(finished).has_value());
    auto events = numbered(1, 1);
    REQUIRE(sink->write(events).has_value());
    CHECK(drain(*source, 1).size() == 1);
    CHECK(finished.wait(1).size() == 1);

    for (auto const& stranger : {sink_of("alice", "guess"), sink_of("bob", "wonder:land")}) {
        auto const rejected = stranger->open(finished);
        REQUIRE_FALSE(rejected.has_value());
        CHECK(rejected.error().code == errc::unauthorized);
        CHECK_THAT(rejected.error().message, ContainsSubstring("username/password mismatch"));
        CHECK_FALSE(stranger->status().up);
    }
    CHECK(comes_true([&] { return gauge_of(source->status(), "connections_unauthorized_total") >= 2; }));
    auto const nobody = sink_of("", "");
    if (*key != '\0') {
        CHECK_THAT(nobody->open(finished).error().message, ContainsSubstring("--send-user"));
    } else {
        // It connects before it hears that it is to greet; which of both open() sees is a matter of time.
        if (auto const opened = nobody->open(finished); !opened) CHECK(opened.error().code == errc::unauthorized);
        CHECK(comes_true([&] { return nobody->status().reason.contains("--send-user"); }));
    }
}

TEST_CASE("TLS carries it, with names and client certificates verified", "[forward_ends]") {
    scratch_folder const folder;
    certificate_authority const authority{"test CA"};
    certificate_authority const stranger{"another CA"};
    auto const ca = authority.write_certificate(folder.path("ca.crt"));
    auto const server = authority.issue(folder.path("server"), "IP:127.0.0.1");
    auto const client = authority.issue(folder.path("client"), "DNS:client");
    auto const thief = stranger.issue(folder.path("thief"), "DNS:client");
    auto const source = listening(
        {.shared_key = "secret", .certificate_file = server.certificate, .key_file = server.key, .client_ca_file = ca});
    finished_batches finished;
    auto const connect = [&](std::string const& host, certificate_files const& shown, std::string const& trusted) {
        return make_forward_sink({.connect = fmt::format("{}:{}", host, source->port()),
                                  .shared_key = "secret",
                                  .tls = true,
                                  .ca_file = trusted,
                                  .certificate_file = shown.certificate,
                                  .key_file = shown.key});
    };
    auto const sink = connect("127.0.0.1", client, ca);
    REQUIRE(sink->open(finished).has_value());
    auto events = numbered(1, 1000);
    REQUIRE(sink->write(events).has_value());
    CHECK(drain(*source, 1000).size() == 1000);
    CHECK(finished.wait(1).size() == 1);

    CHECK_FALSE(connect("localhost", client, ca)->open(finished).has_value());
    CHECK_FALSE(connect("127.0.0.1", thief, ca)->open(finished).has_value());
    CHECK_FALSE(connect("127.0.0.1", {}, ca)->open(finished).has_value());
    CHECK_FALSE(
        connect("127.0.0.1", client, stranger.write_certificate(folder.path("other.crt")))->open(finished).has_value());
}
