#include "support/catch.hpp"
#include "support/forward_ends.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"
#include "support/short_memory.hpp"
#include "support/source_reading.hpp"

#include <optional>
#include <thread>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;

namespace {

std::string read_record(source& from) {
    auto const batches = read_events(from, 1);
    return std::string{batches[0].record(batches[0].events[0])};
}

}  // namespace

TEST_CASE("a chunk is acked after its last event is committed, not before", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    client.send(single_message("app.x", 1, "c1"));
    auto const batches = read_events(*source, 1);
    CHECK(batches[0].record(batches[0].events[0]) == R"({"n":1})");
    CHECK(batches[0].tags[batches[0].events[0].tag] == "app.x");
    CHECK(batches[0].end_offset == 1);
    CHECK_FALSE(client.has_response(100));
    commit_to(*source, 1);
    CHECK(client.receive(ack_of("c1").size()) == ack_of("c1"));
}

TEST_CASE("one chunk in flight flows: nothing waits for more data", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    for (int i = 0; i < 50; ++i) {
        auto const chunk = "chunk-" + std::to_string(i);
        client.send(single_message("t", i, chunk));
        commit_to(*source, read_events(*source, 1).back().end_offset);
        REQUIRE(client.receive(ack_of(chunk).size()) == ack_of(chunk));
    }
    CHECK(gauge_of(source->status(), "chunks_acked_total") == 50);
}

TEST_CASE("chunks of several connections share batches and each gets its own acks", "[forward_source]") {
    auto const source = listening();
    raw_client first{source->port()};
    raw_client second{source->port()};
    first.send(single_message("a", 1, "f1") + single_message("a", 2, "f2"));
    second.send(single_message("b", 3, "s1"));
    auto const batches = read_events(*source, 3);
    commit_to(*source, batches.back().end_offset);
    CHECK(first.receive(2 * ack_of("f1").size()) == ack_of("f1") + ack_of("f2"));
    CHECK(second.receive(ack_of("s1").size()) == ack_of("s1"));
    CHECK(gauge_of(source->status(), "open_connections") == 2);
}

TEST_CASE("a chunk without events is acked when all before it is safe", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    // ["t", bin 0, {"chunk": "e"}]
    client.send("\x93" + fix_string("t") + std::string("\xc4\x00", 2) + "\x81" + fix_string("chunk") + fix_string("e"));
    CHECK(client.receive(ack_of("e").size()) == ack_of("e"));
}

TEST_CASE("a client that ends its side still gets its acks", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    client.send(single_message("t", 7, "last"));
    client.end_sending();
    commit_to(*source, read_events(*source, 1).back().end_offset);
    CHECK(client.receive(ack_of("last").size()) == ack_of("last"));
    CHECK(client.is_closed_by_peer());
}

TEST_CASE("a value that is not a msgpack array closes the connection, not the source", "[forward_source]") {
    auto const source = listening();
    {
        raw_client browser{source->port()};
        browser.send("GET / HTTP/1.1\r\n\r\n");
        CHECK(browser.is_closed_by_peer());
        raw_client json{source->port()};
        json.send(R"(["tag",1,{"a":1}])");
        CHECK(json.is_closed_by_peer());
        raw_client not_msgpack{source->port()};
        not_msgpack.send("\x93" + fix_string("t") + "\xc1");
        CHECK(not_msgpack.is_closed_by_peer());
    }
    raw_client client{source->port()};
    client.send(single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
    CHECK(gauge_of(source->status(), "connections_broken_total") == 3);
}

TEST_CASE("every message that wants an ack gets one, whatever is wrong with it, and the connection stays",
          "[forward_source]") {
    auto const source = listening({.message_bytes_max = 1000});
    raw_client client{source->port()};
    auto const ack = "\x81" + fix_string("chunk") + fix_string("c");
    std::string const long_string = "\xda\x07\xd0" + std::string(2000, 'x');
    for (auto const& bad : {"\x94" + fix_string("t") + "\xc3\x80",                       // a time that is none
                            "\x93\x07" + fix_string(""),                                 // a tag that is none
                            "\x94" + fix_string("t") + "\x01" + long_string,             // over the limit
                            "\x93" + fix_string("t") + fix_string("\xc1"),               // entries that are none
                            "\x94" + fix_string("t") + "\xd6\xff" + "1234" + "\x05"}) {  // a record that is none
        client.send(bad + ack);
        auto const batches = read_events(*source, 1);
        CHECK(batches[0].rejections.size() == 1);
        CHECK_FALSE(client.has_response(20));
        commit_to(*source, batches.back().end_offset);
        CHECK(client.receive(ack_of("c").size()) == ack_of("c"));
    }
    client.send(single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
    CHECK(gauge_of(source->status(), "connections_broken_total") == 0);
    CHECK(gauge_of(source->status(), "messages_rejected_total") == 3);
}

TEST_CASE("a message that claims to be endless is passed over until its client leaves", "[forward_source]") {
    auto const source = listening();
    {
        raw_client huge{source->port()};
        huge.send("\x93" + fix_string("t") + "\xc6\xff\xff\xff\xff");  // claims 2^32 - 1 bytes
        huge.send(std::string(1 << 20, 'x'));
        CHECK_FALSE(huge.has_response(20));
    }
    CHECK(comes_true([&] { return gauge_of(source->status(), "connections_broken_total") == 1; }));
    CHECK(gauge_of(source->status(), "messages_total") == 0);
}

TEST_CASE("while memory is short a message waits, and is taken once there is some", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    client.send(single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
    // ["t", 1, {"n": str 2^20 × "\x01"}, {"chunk": "c"}]: six times as long as JSON.
    auto const message = "\x94" + fix_string("t") + "\x01\x81" + fix_string("n") +
                         std::string("\xdb\x00\x10\x00\x00", 5) + std::string(1 << 20, '\x01') + "\x81" +
                         fix_string("chunk") + fix_string("c");
    {
        short_memory const low{3 << 20};
        client.send(message);
        REQUIRE(comes_true([&] { return gauge_of(source->status(), "memory_stalls_total") >= 1; }));
        CHECK(gauge_of(source->status(), "open_connections") == 1);
    }
    auto const batches = read_events(*source, 1);
    CHECK(batches[0].events.size() == 1);
    CHECK(batches[0].end_offset == 2);
    CHECK(batches[0].records.size() == (6 << 20) + 8);
    commit_to(*source, 2);
    CHECK(client.receive(ack_of("c").size()) == ack_of("c"));
}

TEST_CASE("a client that does not read its acks is not read, until it does", "[forward_source]") {
    auto const source = listening();
    std::jthread const pump{[&](std::stop_token const& stopped) {
        while (!stopped.stop_requested()) {
            batch got;
            if (!source->read(got, std::chrono::steady_clock::now() + 20ms)) return;
            if (!got.empty()) commit_to(*source, got.end_offset);
        }
    }};
    // A chunk id of 60,000 bytes makes an ack of as many.
    auto const id = "\xda\xea\x60" + std::string(60'000, 'c');
    auto const message = "\x93" + fix_string("t") + "\x90\x81" + fix_string("chunk") + id;
    std::string many;
    constexpr std::size_t count = 1000;
    for (std::size_t i = 0; i < count; ++i) many += message;
    raw_client client{source->port()};
    auto const sent = client.send_until_full(many);
    REQUIRE(sent < many.size());
    std::jthread const sender{[&] { client.send(std::string_view{many}.substr(sent)); }};
    for (std::size_t i = 0; i < count; ++i) REQUIRE(client.receive(5 + id.size()) == "\x81" + fix_string("ack") + id);
    CHECK(gauge_of(source->status(), "connections_broken_total") == 0);
}

TEST_CASE("a UDP heartbeat gets one zero byte as a response, one over TCP is skipped", "[forward_source]") {
    auto const source = listening();
    CHECK(ask_by_udp(source->port(), std::string(1, '\0')) == std::string(1, '\0'));
    raw_client client{source->port()};
    client.send("\xc0\xc0" + single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
}

TEST_CASE("a source that nobody reads stops reading its sockets, and goes on when it is read", "[forward_source]") {
    auto const source = listening({.pending_bytes_max = 64 << 10});
    raw_client client{source->port()};
    // ["t", 1, {"n": str 60000 × "x"}]
    auto const big =
        "\x93" + fix_string("t") + "\x01\x81" + fix_string("n") + "\xda\xea\x60" + std::string(60'000, 'x');
    std::string many;
    for (int i = 0; i < 500; ++i) many += big;
    auto const sent = client.send_until_full(many);
    REQUIRE(sent < many.size());
    CHECK(gauge_of(source->status(), "pending_bytes") < 3 * 64 * 1024);
    std::size_t have = 0;
    for (auto const& one : read_events(*source, sent / big.size())) have += one.events.size();
    CHECK(have >= sent / big.size());
    std::jthread const sender{[&] { client.send(std::string_view{many}.substr(sent)); }};
    (void)read_events(*source, many.size() / big.size() - have);
}

TEST_CASE("a stopped source gives what it has taken in, then ends, and still acks", "[forward_source]") {
    auto const source = listening();
    raw_client client{source->port()};
    client.send(single_message("t", 1, "kept") + single_message("t", 2, "half").substr(0, 10));
    auto batches = read_events(*source, 1);
    source->stop();
    batch none;
    auto const ended = source->read(none, std::chrono::steady_clock::now() + 20s);
    REQUIRE_FALSE(ended.has_value());
    CHECK(ended.error().code == errc::end_of_input);
    CHECK(none.empty());
    commit_to(*source, batches.back().end_offset);
    CHECK(client.receive(ack_of("kept").size()) == ack_of("kept"));
    CHECK_THROWS(raw_client{source->port()});
}

TEST_CASE("a stopped source still takes in what its clients had sent and what had connected", "[forward_source]") {
    auto const source = listening({.pending_bytes_max = 1000});
    std::string messages;
    for (int i = 0; i < 20'000; ++i) messages += single_message("t", i % 100);
    {
        raw_client gone{source->port()};
        gone.send(messages);
        raw_client late{source->port()};
        late.send(single_message("t", 100));
        source->stop();
    }
    CHECK(read_all(*source).records.size() == 20'001);
}

TEST_CASE("acks that are due go out before a source is destroyed", "[forward_source]") {
    auto source = listening();
    raw_client client{source->port()};
    std::string acks;
    std::string messages;
    for (int i = 0; i < 100; ++i) {
        auto const chunk = "c" + std::to_string(i);
        messages += single_message("t", i, chunk);
        acks += ack_of(chunk);
    }
    client.send(messages);
    commit_to(*source, read_events(*source, 100).back().end_offset);
    source.reset();
    CHECK(client.receive(acks.size()) == acks);
    CHECK(client.is_closed_by_peer());
}

TEST_CASE("more connections than allowed wait, and are served when one leaves", "[forward_source]") {
    auto const source = listening({.connections_max = 1});
    std::optional<raw_client> first{source->port()};
    first->send(single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
    raw_client second{source->port()};
    second.send(single_message("t", 2));
    batch none;
    REQUIRE(source->read(none, std::chrono::steady_clock::now() + 100ms).has_value());
    CHECK(none.empty());
    first.reset();
    CHECK(read_record(*source) == R"({"n":2})");
}

TEST_CASE("an idle connection is closed where a timeout is given", "[forward_source]") {
    auto const source = listening({.idle_timeout = 1s});
    raw_client client{source->port()};
    client.send(single_message("t", 1));
    CHECK(read_record(*source) == R"({"n":1})");
    CHECK(client.is_closed_by_peer());
}

TEST_CASE("wake() ends a waiting read", "[forward_source]") {
    auto const source = listening();
    source->wake();
    batch none;
    REQUIRE(source->read(none, std::chrono::steady_clock::now() + 20s).has_value());
    CHECK(none.empty());
}

TEST_CASE("open() fails for a port that is taken and for options that cannot work", "[forward_source]") {
    auto const first = listening();
    auto const code_of = [](forward_source_options options) {
        auto const opened = make_forward_source(std::move(options))->open();
        REQUIRE_FALSE(opened.has_value());
        return opened.error().code;
    };
    CHECK(code_of({.listen = "127.0.0.1:" + std::to_string(first->port())}) == errc::busy);
    CHECK(code_of({.listen = "127.0.0.1:99999"}) == errc::invalid_argument);
    CHECK(code_of({.listen = "127.0.0.1:0", .message_bytes_max = std::size_t{1} << 30U}) == errc::invalid_argument);
    CHECK(code_of({.listen = "127.0.0.1:0", .nesting_max = 100'000}) == errc::invalid_argument);
    CHECK(code_of({.listen = "127.0.0.1:0", .connections_max = 0}) == errc::invalid_argument);
    CHECK(code_of({.listen = "127.0.0.1:0", .certificate_file = "/nowhere.pem"}) == errc::invalid_argument);
    CHECK(code_of({.listen = "127.0.0.1:0", .client_ca_file = "/nowhere.pem"}) == errc::invalid_argument);
}
