#include "codec/dead_letter_json.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::codec;

namespace {

dead_letter some_letter() {
    return {.id = {.high = 7, .low = 9},
            .stage = "normalize",
            .reason = "not a \"JSON\" object\nreally",
            .origin = "journal nginx-logs offset 7",
            .tag = "app.follow",
            .time_ns = 1'769'823'099'995'000'000,
            .event_time_ns = 1'431'849'932'000'000'007,
            .received_ns = 1'769'823'099'001'234'567,
            .record = "not json"};
}

}  // namespace

TEST_CASE("a dead letter reads back as it was written", "[dead_letter]") {
    auto const letter = some_letter();
    auto const read = parse_dead_letter(to_json(letter));
    REQUIRE(read.has_value());
    CHECK(read->id == letter.id);
    CHECK(read->stage == letter.stage);
    CHECK(read->reason == letter.reason);
    CHECK(read->origin == letter.origin);
    CHECK(read->tag == letter.tag);
    CHECK(read->time_ns == letter.time_ns);
    CHECK(read->event_time_ns == letter.event_time_ns);
    CHECK(read->received_ns == letter.received_ns);
    CHECK(read->record == letter.record);
}

TEST_CASE("bytes that are no text come back from a dead letter, whatever their number", "[dead_letter]") {
    for (std::size_t count = 1; count < 8; ++count) {
        auto letter = some_letter();
        letter.record = std::string(count, '\xff');
        auto const text = to_json(letter);
        CHECK(text.contains("record_base64"));
        auto const read = parse_dead_letter(text);
        REQUIRE(read.has_value());
        CHECK(read->record == letter.record);
    }
}

TEST_CASE("times that are not known are left out of a dead letter and stay unknown", "[dead_letter]") {
    auto letter = some_letter();
    letter.id = {};
    letter.event_time_ns = letter.received_ns = 0;
    auto const text = to_json(letter);
    CHECK_FALSE(text.contains("event_time"));
    CHECK_FALSE(text.contains("\"id\""));
    auto const read = parse_dead_letter(text);
    REQUIRE(read.has_value());
    CHECK_FALSE(read->id);
    CHECK(read->event_time_ns == 0);
    CHECK(read->received_ns == 0);
}

TEST_CASE("what is no dead letter is corrupt", "[dead_letter]") {
    for (std::string_view const text :
         {"", "{", "[]", "{}", R"({"stage":"x","reason":"y"})", R"({"stage":1,"reason":"y","record":"z"})",
          R"({"id":"short","stage":"x","reason":"y","record":"z"})",
          R"({"stage":"x","reason":"y","time":"noon","record":"z"})",
          R"({"stage":"x","reason":"y","record_base64":"a"})"}) {
        CAPTURE(text);
        auto const read = parse_dead_letter(text);
        REQUIRE_FALSE(read.has_value());
        CHECK(read.error().code == errc::corrupt);
    }
}
