#include "logpipe/event.hpp"

#include "support/catch.hpp"

#include <algorithm>
#include <random>

using namespace logpipe;

namespace {

/// The id of 16 bytes, most significant first.
event_id id_of(std::string_view bytes) {
    event_id id;
    for (std::size_t i = 0; i < 16; ++i) {
        auto& half = i < 8 ? id.high : id.low;
        half = half << 8U | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
    }
    return id;
}

}  // namespace

TEST_CASE("an id's text is base32hex as RFC 4648 section 10 has it", "[event]") {
    // The RFC's vectors, lower case; we always write 16 bytes, so zeros follow instead of padding.
    REQUIRE(id_of("f").text() == "co" + std::string(24, '0'));
    REQUIRE(id_of("fo").text() == "cpng" + std::string(22, '0'));
    REQUIRE(id_of("foo").text() == "cpnmu" + std::string(21, '0'));
    REQUIRE(id_of("foob").text() == "cpnmuog" + std::string(19, '0'));
    REQUIRE(id_of("fooba").text() == "cpnmuoj1" + std::string(18, '0'));
    REQUIRE(id_of("foobar").text() == "cpnmuoj1e8" + std::string(16, '0'));
    REQUIRE(event_id{.high = ~0ULL, .low = ~0ULL}.text() == std::string(25, 'v') + "s");
}

TEST_CASE("ids' texts sort as their bits do and are read back", "[event]") {
    std::mt19937_64 random{11};
    for (int i = 0; i < 10'000; ++i) {
        event_id const a{.high = random() >> (i % 64), .low = random()};
        event_id const b{.high = i % 3 == 0 ? a.high : random(), .low = random()};
        REQUIRE((a <=> b) == (a.text() <=> b.text()));
        REQUIRE(event_id::parse(a.text()) == a);
    }
}

TEST_CASE("what is no id's text is not read as one", "[event]") {
    auto const good = event_id{.high = 1, .low = 2}.text();
    REQUIRE(event_id::parse(good));
    REQUIRE(!event_id::parse(""));
    REQUIRE(!event_id::parse(good.substr(1)));
    REQUIRE(!event_id::parse(good + "0"));
    REQUIRE(!event_id::parse("w" + good.substr(1)));
    REQUIRE(!event_id::parse("A" + good.substr(1)));
    REQUIRE(!event_id::parse(good.substr(0, 25) + "1"));  // bits that no id has
}

TEST_CASE("an id's place is its last 32 bits", "[event]") {
    event_id const id{.high = 7, .low = 0x1111'2222'0000'0000U};
    REQUIRE(id.at(5).index() == 5);
    REQUIRE(id.at(5).at(0) == id);
    REQUIRE(id.at(5).low == 0x1111'2222'0000'0005U);
    REQUIRE(id);
    REQUIRE(!event_id{});
}

TEST_CASE("a batch keeps its records one behind the other", "[event]") {
    batch events;
    auto const tag = events.tag_index("a.b");
    REQUIRE(events.tag_index("c") == 1);
    REQUIRE(events.tag_index("a.b") == tag);
    events.append(tag, {.high = 1}, 5, "one");
    events.append(tag, {.high = 2}, 6, "two");
    REQUIRE(events.record(events.events[1]) == "two");
    REQUIRE(events.payload(events.events[1]) == "two");
    events.transformed = true;
    events.documents = "document";
    events.events[1].document_bytes = 8;
    REQUIRE(events.payload(events.events[1]) == "document");
    events.reject(0, "test", "bad");
    REQUIRE(events.events[0].rejected);
    REQUIRE(events.rejections[0].reason == "bad");
    events.clear();
    REQUIRE(events.empty());
    REQUIRE(events.rejections.empty());
    REQUIRE(events.tags.empty());
}

TEST_CASE("a chunk ends at another chunk id, tag, or a place that does not follow", "[event]") {
    event_id const one{.high = 1};
    event_id const two{.high = 2};
    auto const ends = [](std::vector<std::pair<event_id, std::uint32_t>> const& rows) {
        std::vector<event> events;
        for (auto const& [id, tag] : rows) {
            auto& row = events.emplace_back();
            row.id = id;
            row.tag = tag;
        }
        std::vector<std::size_t> found;
        for (std::size_t begin = 0; begin < events.size(); begin = found.back())
            found.push_back(chunk_end(events, begin));
        return found;
    };
    using places = std::vector<std::size_t>;
    REQUIRE(ends({{one.at(0), 0}, {one.at(1), 0}, {one.at(5), 0}}) == places{3});
    REQUIRE(ends({{one.at(0), 0}, {two.at(1), 0}}) == places{1, 2});
    REQUIRE(ends({{one.at(0), 0}, {one.at(1), 1}}) == places{1, 2});
    REQUIRE(ends({{one.at(1), 0}, {one.at(0), 0}}) == places{1, 2});
    REQUIRE(ends({{one.at(1), 0}, {one.at(1), 0}}) == places{1, 2});
    REQUIRE(ends({{{}, 0}, {{}, 0}, {{}, 1}}) == places{2, 3});
}

TEST_CASE("counts add up term by term", "[event]") {
    event_counts sum{.in = 1, .indexed = 2, .duplicates = 3, .dead = 4};
    sum += {.in = 10, .indexed = 20, .duplicates = 30, .dead = 40};
    REQUIRE(sum == event_counts{.in = 11, .indexed = 22, .duplicates = 33, .dead = 44});
}

TEST_CASE("an event can leave its batch as a part of its own", "[event]") {
    batch whole;
    whole.origin = "journal here";
    whole.sequence = 7;
    whole.end_offset = 9;
    for (std::uint32_t i = 0; i < 4; ++i) {
        auto& row =
            whole.append(whole.tag_index(i == 2 ? "b" : "a"), event_id{.high = i}, i, "record " + std::to_string(i));
        row.offset = 5 + i;
        row.document_begin = static_cast<std::uint32_t>(whole.documents.size());
        row.document_bytes = 10;
        whole.documents += "document " + std::to_string(i);
    }
    whole.transformed = true;
    whole.reject(3, "stage", "why");
    auto const part = whole.copy_of(2);
    REQUIRE(part.events.size() == 1);
    CHECK(part.record(part.events[0]) == "record 2");
    CHECK(part.payload(part.events[0]) == "document 2");
    CHECK(part.tags[part.events[0].tag] == "b");
    CHECK(part.events[0].offset == 7);
    CHECK(part.events[0].id.high == 2);
    CHECK(part.origin == "journal here");
    CHECK((part.sequence == 7 && part.end_offset == 9 && part.counts.in == 1));
    std::vector<std::uint32_t> const gone{0, 2};
    whole.drop(gone);
    REQUIRE(whole.events.size() == 2);
    CHECK(whole.payload(whole.events[0]) == "document 1");
    CHECK(whole.payload(whole.events[1]) == "document 3");
    CHECK(whole.rejections.at(0).event == 1);
}
