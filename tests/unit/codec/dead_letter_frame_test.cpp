#include "codec/dead_letter_frame.hpp"

#include "support/catch.hpp"

#include <cstring>
#include <string>

using namespace logpipe;
using namespace logpipe::codec;

namespace {

dead_letter_view some_letter() {
    return {.id = {.high = 0x0102030405060708U, .low = 0x090a0b0c0d0e0f10U},
            .stage = "normalize",
            .reason = "not a \"JSON\" object",
            .origin = "journal nginx-logs offset 7",
            .tag = "app.follow",
            .time_ns = 1'769'823'099'995'000'001,
            .event_time_ns = -5,
            .received_ns = 1'769'823'099'001'000'000,
            .part = {.index = 2, .count = 5},
            .record = "not json"};
}

std::string frame_of(dead_letter_view const& letter) {
    std::string out;
    append_dead_letter_frame(out, letter);
    return out;
}

}  // namespace

TEST_CASE("a dead letter's frame reads back as it was written", "[dead_letter_frame]") {
    auto const letter = some_letter();
    auto const bytes = frame_of(letter);
    auto const read = read_dead_letter_frame(bytes);
    REQUIRE(read.has_value());
    CHECK(read->id == letter.id);
    CHECK(read->stage == letter.stage);
    CHECK(read->reason == letter.reason);
    CHECK(read->origin == letter.origin);
    CHECK(read->tag == letter.tag);
    CHECK(read->time_ns == letter.time_ns);
    CHECK(read->event_time_ns == letter.event_time_ns);
    CHECK(read->received_ns == letter.received_ns);
    CHECK(read->part == letter.part);
    CHECK(read->record == letter.record);
}

TEST_CASE("a dead letter's frame stands as it is drawn", "[dead_letter_frame]") {
    auto const bytes = frame_of(some_letter());
    CHECK(bytes.substr(0, 4) == "\xfeLPD");
    CHECK(bytes.substr(4, 2) == std::string("\x01\0", 2));
    CHECK(static_cast<unsigned char>(bytes[6]) == 64 + 9 + 19 + 27 + 10);
    CHECK(bytes.substr(8, 8) == "\x08\x07\x06\x05\x04\x03\x02\x01");
    CHECK(bytes.substr(48, 8) == std::string("\x02\0\0\0\x05\0\0\0", 8));
    CHECK(bytes.substr(56, 8) == std::string("\x09\0\x13\0\x1b\0\x0a\0", 8));
    CHECK(bytes.substr(64) == "normalizenot a \"JSON\" objectjournal nginx-logs offset 7app.follownot json");
}

TEST_CASE("original bytes that look like a dead letter stay original bytes", "[dead_letter_frame]") {
    auto letter = some_letter();
    auto const inner = frame_of(letter) + R"({"id":"x"})";
    letter.record = inner;
    auto const bytes = frame_of(letter);
    CHECK(read_dead_letter_frame(bytes).value().record == inner);
}

TEST_CASE("what is cut, of another version or does not add up is not a dead letter's frame", "[dead_letter_frame]") {
    auto letter = some_letter();
    letter.record = {};
    auto const whole = frame_of(letter);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes)
        CHECK_FALSE(read_dead_letter_frame(whole.substr(0, bytes)));
    for (std::size_t const at : {0U, 4U, 5U, 6U, 7U, 56U, 57U, 58U, 60U, 62U}) {
        auto changed = whole;
        changed[at] = static_cast<char>(changed[at] + 1);
        CAPTURE(at);
        CHECK_FALSE(read_dead_letter_frame(changed));
    }
    auto beyond = whole;
    beyond[48] = 5;
    CHECK_FALSE(read_dead_letter_frame(beyond));
    CHECK_FALSE(read_dead_letter_frame(R"({"id":"x","stage":"normalize","reason":"y","record":"z"}          )"));
}

TEST_CASE("a dead letter about several entries says so in its head, in a separate version", "[dead_letter_frame]") {
    auto letter = some_letter();
    letter.entries = 70'000;
    auto const bytes = frame_of(letter);
    CHECK(bytes.substr(4, 2) == std::string("\x02\0", 2));
    CHECK(static_cast<unsigned char>(bytes[6]) == 68 + 9 + 19 + 27 + 10);
    CHECK(bytes.substr(64, 4) == std::string("\x70\x11\x01\0", 4));
    auto const read = read_dead_letter_frame(bytes);
    REQUIRE(read.has_value());
    CHECK(read->entries == 70'000);
    CHECK(read->tag == letter.tag);
    CHECK(read->record == letter.record);
    CHECK(copy_of(*read).entries == 70'000);
    CHECK(view_of(copy_of(*read)).entries == 70'000);
    auto none = bytes;
    none.replace(64, 4, 4, '\0');
    CHECK_FALSE(read_dead_letter_frame(none).has_value());
    for (std::size_t size = 0; size < 68; ++size)
        CHECK_FALSE(read_dead_letter_frame(bytes.substr(0, size)).has_value());
}
