// The sink against a peer whose every byte the test decides.
#include "support/catch.hpp"
#include "support/forward_ends.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"
#include "support/reports.hpp"

#include "chunk_encoder.hpp"
#include "handshake.hpp"
#include "msgpack_writer.hpp"

#include <fmt/format.h>

#include <future>
#include <thread>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;

namespace {

batch one_event(std::uint64_t chunk, std::string_view record = R"({"n":1})") {
    batch events;
    events.append(events.tag_index("app"), {.high = chunk, .low = 0}, 0, record);
    return events;
}

std::string message_of(std::uint64_t chunk) {
    auto const events = one_event(chunk);
    return encode_chunk(events, 0, 1, events.events[0].id.text(), {});
}

std::string ack_of_chunk(std::uint64_t chunk) {
    return ack_of(event_id{.high = chunk, .low = 0}.text());
}

std::unique_ptr<sink> sink_to(raw_server const& server, forward_sink_options options = {}) {
    options.connect = fmt::format("127.0.0.1:{}", server.port());
    return make_forward_sink(std::move(options));
}

/// ['HELO', {'nonce' => 16 bytes, 'auth' => 16 bytes, 'keepalive' => true}], all three binary as Fluentd 1.19 writes
/// them.
std::string fluentd_helo(server_greeting const& what) {
    std::string out;
    msgpack_writer write{out};
    write.array(2);
    write.string("HELO");
    write.map(3);
    write.string("nonce");
    write.binary(what.nonce);
    write.string("auth");
    write.binary(what.auth_salt);
    write.string("keepalive");
    write.boolean(true);
    return out;
}

/// Greets a client as Fluentd does, and responds. @return the PING, or what is wrong with it.
std::string greet_as_fluentd(raw_server& server, forward_users const& users, std::string const& username) {
    server_greeting const greeting{.nonce = random_bytes(16), .auth_salt = random_bytes(16)};
    auto peer = server.accept();
    peer.send(fluentd_helo(greeting));
    std::string const salt(32, 's');
    auto const ping = peer.receive(make_ping("us", {.shared_key = "key", .nonce = greeting.nonce, .salt = salt},
                                             {.auth_salt = greeting.auth_salt, .username = username, .password = "any"})
                                       .size());
    auto const client = check_ping(ping, {.shared_key = "key", .greeting = greeting, .users = users});
    peer.send(client ? make_pong("fluentd", {.shared_key = "key", .nonce = greeting.nonce, .salt = client->salt})
                     : make_rejection(client.error().message));
    if (client) (void)peer.receive(message_of(1).size());
    return client ? "welcome" : client.error().message;
}

}  // namespace

TEST_CASE("a server that greets as Fluentd does decides itself whether it needs a user", "[forward_sink]") {
    forward_users const nobody;
    forward_users const users{{"alice", "secret"}};
    auto const joins = [&](forward_users const& known, forward_sink_options options) {
        raw_server server;
        finished_batches finished;
        options.shared_key = "key";
        options.self_hostname = "us";
        auto greeted = std::async(std::launch::async, greet_as_fluentd, std::ref(server), known, options.username);
        auto const sink = sink_to(server, options);
        auto opened = sink->open(finished);
        if (opened) {
            auto events = one_event(1);
            REQUIRE(sink->write(events).has_value());
        } else {
            CHECK(opened.error().code == errc::unauthorized);
        }
        CHECK(opened.has_value() == (greeted.get() == "welcome"));
        return opened ? std::string{"joined"} : opened.error().message;
    };
    CHECK(joins(nobody, {}) == "joined");
    CHECK(joins(nobody, {.username = "alice", .password = "secret"}) == "joined");
    CHECK(joins(users, {.username = "alice", .password = "secret"}) == "joined");
    CHECK_THAT(joins(users, {.username = "alice", .password = "guess"}),
               ContainsSubstring("the server rejected the login: username/password mismatch"));
    CHECK_THAT(joins(users, {}), ContainsSubstring("username/password mismatch") && ContainsSubstring("--send-user"));
}

TEST_CASE("a batch finishes when all its chunks are acked, and strange acks are ignored", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server);
    REQUIRE(sink->open(finished).has_value());
    auto peer = server.accept();
    auto events = one_event(1);
    events.append(events.tag_index("app"), {.high = 2, .low = 0}, 0, R"({"n":1})");
    REQUIRE(sink->write(events).has_value());
    CHECK(peer.receive(2 * message_of(1).size()) == message_of(1) + message_of(2));
    peer.send("\xc0" + ack_of("who?") + "\x80\x81\x01\x02" + ack_of_chunk(2));
    peer.send(ack_of_chunk(2));
    auto next = one_event(3);
    REQUIRE(sink->write(next).has_value());
    CHECK(peer.receive(message_of(3).size()) == message_of(3));
    peer.send(ack_of_chunk(3));
    auto const first = finished.wait(1);
    REQUIRE(first.size() == 1);
    CHECK(first[0].events[0].id.high == 3);
    peer.send(ack_of_chunk(1));
    auto const both = finished.wait(2);
    REQUIRE(both.size() == 2);
    CHECK(both[1].counts.indexed == 2);
}

TEST_CASE("what was not acked when the connection was cut is retried, equal to the byte", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server);
    REQUIRE(sink->open(finished).has_value());
    {
        auto peer = server.accept();
        for (std::uint64_t chunk = 1; chunk <= 3; ++chunk) {
            auto events = one_event(chunk);
            REQUIRE(sink->write(events).has_value());
        }
        CHECK(peer.receive(message_of(1).size()) == message_of(1));
        peer.send(ack_of_chunk(1));
        CHECK(finished.wait(1).size() == 1);
    }
    auto peer = server.accept();
    CHECK(peer.receive(2 * message_of(2).size()) == message_of(2) + message_of(3));
    peer.send(ack_of_chunk(2) + ack_of_chunk(3));
    CHECK(finished.wait(3).size() == 3);
    CHECK(sink->status().retries >= 1);
    CHECK(sink->status().up);
}

TEST_CASE("no ack in time is a lost connection", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server, {.ack_timeout = 200ms});
    REQUIRE(sink->open(finished).has_value());
    auto silent = server.accept();
    auto events = one_event(1);
    REQUIRE(sink->write(events).has_value());
    auto peer = server.accept();
    CHECK(silent.is_closed_by_peer());
    CHECK(peer.receive(message_of(1).size()) == message_of(1));
    peer.send(ack_of_chunk(1));
    CHECK(finished.wait(1).size() == 1);
}

TEST_CASE("write() waits while too much is in flight, until an ack or cancel()", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server, {.in_flight_max = 1});
    REQUIRE(sink->open(finished).has_value());
    auto peer = server.accept();
    auto first = one_event(1);
    REQUIRE(sink->write(first).has_value());
    std::jthread acker{[&] {
        (void)peer.receive(message_of(1).size());
        peer.send(ack_of_chunk(1));
    }};
    auto second = one_event(2);
    REQUIRE(sink->write(second).has_value());
    CHECK(finished.wait(1).size() == 1);
    std::jthread canceller{[&] {
        (void)peer.receive(message_of(2).size());
        sink->cancel();
    }};
    auto third = one_event(3);
    auto const cancelled = sink->write(third);
    REQUIRE_FALSE(cancelled.has_value());
    CHECK(cancelled.error().code == errc::cancelled);
    CHECK(third.events.size() == 1);
}

TEST_CASE("open() fails for a peer that is away, and can be retried", "[forward_sink]") {
    finished_batches finished;
    std::uint16_t port = 0;
    {
        raw_server const gone;
        port = gone.port();
    }
    auto const sink = make_forward_sink({.connect = fmt::format("127.0.0.1:{}", port)});
    for (int i = 0; i < 2; ++i) {
        auto const opened = sink->open(finished);
        REQUIRE_FALSE(opened.has_value());
        CHECK(opened.error().code == errc::not_connected);
    }
    CHECK_FALSE(sink->status().up);
    CHECK_THAT(sink->status().reason, ContainsSubstring(std::to_string(port)));
    CHECK(make_forward_sink({.connect = "nonsense:port"})->open(finished).error().code == errc::invalid_argument);
    CHECK(make_forward_sink({.in_flight_max = 0})->open(finished).error().code == errc::invalid_argument);
}

TEST_CASE("a peer that is silent where a greeting is due times out", "[forward_sink]") {
    raw_server const server;
    finished_batches finished;
    auto const opened = sink_to(server, {.connect_timeout = 200ms, .shared_key = "k"})->open(finished);
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == errc::timed_out);
}

TEST_CASE("a server that greets with HELO wants a key that we were not given", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server);
    REQUIRE(sink->open(finished).has_value());
    auto peer = server.accept();
    peer.send("\x92" + fix_string("HELO") + "\x80");
    CHECK(peer.is_closed_by_peer());
    CHECK(comes_true([&] { return sink->status().reason.contains("shared key"); }));
}

TEST_CASE("a batch with nothing to send is finished at once", "[forward_sink]") {
    raw_server server;
    finished_batches finished;
    auto const sink = sink_to(server);
    REQUIRE(sink->open(finished).has_value());
    auto events = one_event(1);
    events.reject(0, "normalize", "bad");
    REQUIRE(sink->write(events).has_value());
    auto const done = finished.wait(1);
    REQUIRE(done.size() == 1);
    CHECK(done[0].counts.indexed == 0);
}

TEST_CASE("a line that is not a JSON object goes as a string, or under the key that is given", "[forward_sink]") {
    auto const events = one_event(1, "no json");
    auto const bare = encode_chunk(events, 0, 1, "c", {});
    auto const keyed = encode_chunk(events, 0, 1, "c", {.compress = false, .line_key = "message"});
    using namespace std::string_literals;
    CHECK_THAT(bare, ContainsSubstring("\x92\x00\xc4\x07no json"s));
    CHECK_THAT(keyed, ContainsSubstring("\x92\x00\x81\xa7message\xc4\x07no json"s));
}

TEST_CASE("a server of the list that is lost is replaced by another one, which gets the same chunks",
          "[forward_sink]") {
    raw_server one;
    raw_server two;
    finished_batches finished;
    auto const sink = make_forward_sink({.connect = fmt::format("127.0.0.1:{},127.0.0.1:{}", one.port(), two.port())});
    REQUIRE(sink->open(finished).has_value());
    // Which of them is first is chance.
    bool const one_is_first = one.has_client();
    auto& first = one_is_first ? one : two;
    auto& second = one_is_first ? two : one;
    {
        auto peer = first.accept();
        for (std::uint64_t chunk = 1; chunk <= 2; ++chunk) {
            auto events = one_event(chunk);
            REQUIRE(sink->write(events).has_value());
        }
        CHECK(peer.receive(2 * message_of(1).size()) == message_of(1) + message_of(2));
        peer.send(ack_of_chunk(1));
        CHECK(finished.wait(1).size() == 1);
    }
    auto peer = second.accept();
    CHECK(peer.receive(message_of(2).size()) == message_of(2));
    peer.send(ack_of_chunk(2));
    CHECK(finished.wait(2).size() == 2);
    CHECK(sink->status().up);
    CHECK(gauge_of(sink->status(), "hosts_down") == 1);
}

TEST_CASE("open() passes over a server of the list that is not there", "[forward_sink]") {
    raw_server server;
    auto const gone = raw_server{}.port();
    for (auto const& list : {fmt::format("127.0.0.1:{},127.0.0.1:{}", gone, server.port()),
                             fmt::format("127.0.0.1:{},127.0.0.1:{}", server.port(), gone)}) {
        finished_batches finished;
        auto const sink = make_forward_sink({.connect = list});
        REQUIRE(sink->open(finished).has_value());
        auto peer = server.accept();
        auto events = one_event(1);
        REQUIRE(sink->write(events).has_value());
        CHECK(peer.receive(message_of(1).size()) == message_of(1));
        peer.send(ack_of_chunk(1));
        CHECK(finished.wait(1).size() == 1);
    }
}

TEST_CASE("a list of servers that cannot work is an error", "[forward_sink]") {
    finished_batches finished;
    for (auto const* list : {"a,,b", "a,a:24224", "a,b:x", "a,forward://b"})
        CHECK(make_forward_sink({.connect = list})->open(finished).error().code == errc::invalid_argument);
}
