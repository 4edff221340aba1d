// Lines that Docker has cut, as its fluentd driver and the relays behind it send them.
#include "support/partial_messages.hpp"
#include "event_decoder.hpp"
#include "support/catch.hpp"
#include "support/forward_decoding.hpp"
#include "support/short_memory.hpp"

#include <chrono>
#include <initializer_list>

using namespace logpipe;
using namespace logpipe::forward;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::steady_clock::time_point start{1h};

/// A Forward message of parts; one without an ordinal is an event beside them.
std::string chunk_of(std::initializer_list<partial_record> parts, std::string_view chunk) {
    std::string message;
    msgpack_writer write{message};
    write.array(chunk.empty() ? 2 : 3);
    write.string("app");
    write.array(static_cast<std::uint32_t>(parts.size()));
    for (auto const& each : parts) {
        write.array(2);
        write.integer(1);
        if (each.ordinal > 0) {
            message += to_msgpack(each);
        } else {
            write.map(1);
            write.string("log");
            write.string(each.log);
        }
    }
    if (chunk.empty()) return message;
    write.map(1);
    write.string("chunk");
    write.string(chunk);
    return message;
}

partial_record part(std::uint32_t ordinal, std::string log, bool is_last = false, std::string id = "line") {
    return {.id = std::move(id), .ordinal = ordinal, .is_last = is_last, .log = std::move(log)};
}

/// One server's decoder, for many messages.
struct server {
    explicit server(part_limits const& limits = {}) : decoder{{.limits = {}, .parts = limits}} {}

    void take(std::string_view message) {
        message_portions portions{read_forward_message(message, {}).value()};
        decoder.append(portions, events);
    }
    void check(std::chrono::steady_clock::duration after) { decoder.append(part_check{start + after}, events); }
    [[nodiscard]] std::vector<std::string> records() const {
        std::vector<std::string> all;
        for (auto const& row : events.events) all.emplace_back(events.record(row));
        return all;
    }

    event_decoder decoder;
    batch events;
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("parts of clients without acks are one event, with the first one's time", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "ab"), {}, "app", 7));
    one.take(single_part(part(2, "cd"), {}, "app", 8));
    CHECK(one.events.events.empty());
    CHECK(one.events.tags.empty());
    CHECK(one.decoder.counts().parts_held == 2);
    one.take(single_part(part(3, "e", true), {}, "app", 9));
    CHECK(one.records() == texts{json_of_line("abcde")});
    CHECK(one.events.events[0].time_ns == 7'000'000'000);
    CHECK(one.events.tags == texts{"app"});
    CHECK(one.decoder.counts().parts_held == 0);
    CHECK(one.decoder.counts().lines_joined == 1);
    CHECK(one.decoder.counts().events == 1);
}

TEST_CASE("parts of many containers come between each other, and in any order", "[partial_messages]") {
    server one;
    one.take(single_part(part(2, "B", true, "b")));
    one.take(single_part(part(1, "x", false, "a")));
    one.take(single_message("app", 5));
    one.take(single_part(part(1, "A", false, "b")));
    one.take(single_part(part(2, "y", true, "a")));
    CHECK(one.records() == texts{R"({"n":5})", json_of_line("AB"), json_of_line("xy")});
}

TEST_CASE("the same id under another tag is another line", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "a"), {}, "one"));
    one.take(single_part(part(2, "b", true), {}, "two"));
    CHECK(one.events.events.empty());
    one.take(single_part(part(2, "c", true), {}, "one"));
    CHECK(one.records() == texts{json_of_line("ac")});
}

TEST_CASE("a character that was cut in two is whole again, and counted as none", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "caf\xc3")));
    one.take(single_part(part(2, "\xa9!", true)));
    CHECK(one.records() == texts{json_of_line("café!")});
    CHECK(one.decoder.counts().escaped_strings == 0);
    server acked;
    acked.take(chunk_of({part(1, "caf\xc3"), part(2, "\xa9!", true)}, "c"));
    CHECK(acked.records() == texts{json_of_line("café!")});
    CHECK(acked.decoder.counts().escaped_strings == 0);
}

TEST_CASE("a line whose rest does not come is passed on as it came", "[partial_messages]") {
    server one{{.timeout = 5s}};
    one.take(single_part(part(1, "a")));
    one.check(0s);
    one.check(4s);
    CHECK(one.events.events.empty());
    one.take(single_part(part(3, "c")));
    one.check(5s);
    one.check(9s);
    CHECK(one.events.events.empty());
    one.check(10s);
    CHECK(one.records() == texts{json_of_part(part(1, "a")), json_of_part(part(3, "c"))});
    CHECK(one.decoder.counts().parts_timed_out == 2);
    CHECK(one.decoder.counts().parts_held == 0);
    one.take(single_part(part(2, "b", true)));
    one.check(20s);
    one.check(25s);
    CHECK(one.records().back() == json_of_part(part(2, "b", true)));
}

TEST_CASE("what is held at the end is passed on", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "a")));
    one.decoder.append(part_check{}, one.events);
    CHECK(one.records() == texts{json_of_part(part(1, "a"))});
    CHECK(one.decoder.counts().parts_apart == 1);
}

TEST_CASE("a part that comes twice is taken once, and one that does not fit is passed on", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "a")));
    one.take(single_part(part(1, "a")));
    one.take(single_part(part(1, "other")));
    CHECK(one.records() == texts{json_of_part(part(1, "other"))});
    one.take(single_part(part(2, "b", true)));
    CHECK(one.records().back() == json_of_line("ab"));
    one.take(single_part(part(2, "y", true, "x")));
    one.take(single_part(part(3, "z", false, "x")));
    CHECK(one.records().back() == json_of_part(part(3, "z", false, "x")));
    CHECK(one.decoder.counts().parts_apart == 2);
}

TEST_CASE("a line above its limit is passed on in its parts, and so are the oldest above that of all",
          "[partial_messages]") {
    server small{{.line_bytes_max = 5}};
    small.take(single_part(part(1, "abc")));
    small.take(single_part(part(2, "def", true)));
    CHECK(small.records() == texts{json_of_part(part(1, "abc")), json_of_part(part(2, "def", true))});
    CHECK(small.decoder.counts().parts_apart == 2);

    server full{{.held_bytes_max = 1'500}};
    for (auto const* id : {"a", "b", "c"}) full.take(single_part(part(1, id, false, id)));
    CHECK(full.records() == texts{json_of_part(part(1, "a", false, "a"))});
    full.take(single_part(part(2, "x", true, "b")));
    CHECK(full.records().back() == json_of_line("bx"));

    server many{{.held_lines_max = 2}};
    for (auto const* id : {"a", "b", "c"}) many.take(single_part(part(1, id, false, id)));
    CHECK(many.records() == texts{json_of_part(part(1, "a", false, "a"))});
    CHECK(many.decoder.counts().parts_held == 2);
}

TEST_CASE("records that only resemble parts are events as they are", "[partial_messages]") {
    server one;
    for (auto const& odd : {part(0, ""), part(1, "a", false, "")}) one.take(single_part(odd));
    std::string nested;
    msgpack_writer write{nested};
    write.array(3);
    write.string("app");
    write.integer(1);
    write.map(1);
    write.string("log");
    nested += to_msgpack(part(1, "a"));
    one.take(nested);
    CHECK(one.events.events.size() == 3);
    CHECK(one.decoder.counts().parts_held == 0);

    server off{{.timeout = 0s}};
    off.take(single_part(part(1, "a")));
    off.take(single_part(part(2, "b", true)));
    CHECK(off.records() == texts{json_of_part(part(1, "a")), json_of_part(part(2, "b", true))});
}

TEST_CASE("parts in a chunk that is acked are joined within it, with the first one's id", "[partial_messages]") {
    auto const message = chunk_of({part(0, "before"), part(1, "a"), part(1, "x", false, "other"), part(2, "b", true),
                                   part(2, "y", true, "other"), part(0, "after")},
                                  "c");
    server one;
    one.take(message);
    CHECK(one.records() == texts{R"({"log":"before"})", json_of_line("ab"), json_of_line("xy"), R"({"log":"after"})"});
    auto const& rows = one.events.events;
    REQUIRE(rows.size() == 4);
    CHECK(rows[1].id == rows[0].id.at(1));
    CHECK(rows[2].id == rows[0].id.at(2));
    CHECK(rows[3].id == rows[0].id.at(5));
    CHECK(one.decoder.counts().events == 4);
    CHECK(one.decoder.counts().lines_joined == 2);
    // Sent again, whatever came before: the same events and ids.
    server other;
    other.take(single_part(part(2, "b", true)));
    other.take(message);
    REQUIRE(other.events.events.size() == 4);
    CHECK(other.records() == one.records());
    for (std::size_t i = 0; i < 4; ++i) CHECK(other.events.events[i].id == rows[i].id);
}

TEST_CASE("an acked chunk does not wait for a part in another one", "[partial_messages]") {
    server one;
    one.take(single_part(part(1, "a"), "c1"));
    one.take(single_part(part(2, "b", true), "c2"));
    CHECK(one.records() == texts{json_of_part(part(1, "a")), json_of_part(part(2, "b", true))});
    CHECK(one.decoder.counts().parts_apart == 2);
    CHECK(one.decoder.counts().parts_held == 0);
    CHECK(one.events.events[0].id);
}

TEST_CASE("an acked chunk's rejections stay with their events when parts are joined", "[partial_messages]") {
    std::string message =
        "\x93\xa3"
        "app\x94\x92\x01" +
        to_msgpack(part(1, "a")) + "\x92\x01" + to_msgpack(part(2, "b", true)) + "\x92\x01\x03" + entry("\x01", 7) +
        "\x81\xa5"
        "chunk\xa1"
        "c";
    server one;
    one.take(message);
    REQUIRE(one.events.events.size() == 3);
    CHECK(one.records()[0] == json_of_line("ab"));
    REQUIRE(one.events.rejections.size() == 1);
    CHECK(one.events.rejections[0].event == 1);
    CHECK(one.events.events[1].rejected);
    CHECK(one.records()[2] == R"({"n":7})");
}

TEST_CASE("where memory is short nothing of a message is done, and the same message can come again",
          "[partial_messages]") {
    std::string const long_log(20'000, 'x');
    for (std::size_t bytes = 8; bytes < 400'000; bytes += bytes / 3 + 1) {
        server one;
        one.take(single_part(part(1, long_log)));
        one.take(single_message("app", 5));
        auto const last = single_part(part(2, "end", true));
        try {
            short_memory const shortage{bytes};
            one.take(last);
        } catch (std::bad_alloc const&) {
            CHECK(one.events.events.size() == 1);
            one.take(last);
        }
        CHECK(one.records() == texts{R"({"n":5})", json_of_line(long_log + "end")});
        CHECK(one.decoder.counts().lines_joined == 1);
        CHECK(one.decoder.counts().parts_held == 0);
    }
}
