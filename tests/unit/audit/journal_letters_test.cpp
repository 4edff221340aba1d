#include "logpipe/letters.hpp"

#include "logpipe/journal.hpp"
#include "logpipe/pipeline.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <array>

using namespace logpipe;

namespace {

event_id place(std::uint32_t number) {
    return event_id{.high = 3, .low = std::uint64_t{8} << 32U}.at(number);
}

dead_letter letter(std::uint32_t number, std::int64_t time_ms) {
    return {.id = place(number),
            .stage = "normalize",
            .reason = "bad",
            .origin = "journal in offset 1",
            .tag = "app.follow",
            .time_ns = time_ms * 1'000'000,
            .event_time_ns = 5'000'000'000,
            .received_ns = 6'000'000'000,
            .record = "line " + std::to_string(number)};
}

std::uint64_t live(letter_topic& topic) {
    auto const list = list_letters(topic, 0, [](letter_summary const&) {});
    REQUIRE(list.has_value());
    return list->letters;
}

letter_selection const everything{.ids = {}, .reason = {}, .all = true};

}  // namespace

TEST_CASE("all letters of one chunk are kept by a journal, alike as they may be", "[letters]") {
    test::scratch_folder const scratch;
    auto const with_window = GENERATE(std::size_t{0}, std::size_t{65'536});
    auto const folder = scratch.path("in.dlq");
    auto topic = open_journal({.folder = folder, .chunk_window_count = with_window});
    REQUIRE(topic.has_value());
    auto const dead = make_dead_letters((*topic)->make_sink(), letter_form::frame);
    for (std::uint32_t i = 0; i < 500; ++i) {
        auto one = letter(2 * i, 1000);
        one.record = "the same";
        REQUIRE(dead->put(std::array{one}));
    }
    CHECK(live(*make_journal_letters(folder)) == 500);
}

TEST_CASE("letters of a journal are settled beside it while its writer runs", "[letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    REQUIRE(dead->put(std::array{letter(1, 1000), letter(2, 1000)}));

    auto const letters = make_journal_letters(folder);
    CHECK(live(*letters) == 2);
    auto const purged = purge_letters(*letters, {.ids = {place(1)}, .reason = {}, .all = false});
    REQUIRE(purged.has_value());
    CHECK(purged->letters == 1);
    CHECK(live(*letters) == 1);
    CHECK(live(*make_journal_letters(folder)) == 1);

    // A second tool does not get in between.
    auto const other = make_journal_letters(folder);
    auto const refused = purge_letters(*other, everything);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::busy);

    // Rejected once more: a newer letter of the same id is there again.
    REQUIRE(dead->put(std::array{letter(1, 1001)}));
    CHECK(live(*letters) == 2);
}

TEST_CASE("a retry into a journal keeps id, tag, times and bytes, as often as it is done", "[letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    for (int round = 0; round < 2; ++round) {
        REQUIRE(dead->put(std::array{letter(1, 1000 + round)}));
        auto const input = make_journal_input(scratch.path("in"));
        REQUIRE(input.has_value());
        auto const letters = make_journal_letters(folder);
        auto const done = retry_letters(*letters, everything, *input, false);
        REQUIRE(done.has_value());
        CHECK(done->letters == 1);
        CHECK(live(*letters) == 0);
    }
    std::size_t events = 0;
    REQUIRE(export_journal(scratch.path("in"), [&](batch const& read) -> result<> {
        for (auto const& row : read.events) {
            ++events;
            CHECK(row.id == place(1));
            CHECK(row.time_ns == 5'000'000'000);
            CHECK(row.received_ns == 6'000'000'000);
            CHECK(read.tags[row.tag] == "app.follow");
            CHECK(read.record(row) == "line 1");
        }
        return {};
    }));
    CHECK(events == 2);
}

TEST_CASE("a journal that another process writes takes no retry", "[letters]") {
    test::scratch_folder const scratch;
    auto const running = open_journal({.folder = scratch.path("in")});
    REQUIRE(running.has_value());
    auto const input = make_journal_input(scratch.path("in"));
    REQUIRE_FALSE(input.has_value());
    CHECK(input.error().code == errc::busy);
}

TEST_CASE("a journal gives a letter's bytes back, whatever they are, beside letters in JSON", "[letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    auto const as_before = make_dead_letters((*running)->make_sink(), letter_form::json);
    auto const now = make_dead_letters((*running)->make_sink(), letter_form::frame);
    std::vector<dead_letter> all;
    for (std::uint32_t number = 1; number <= 6; ++number) all.push_back(letter(number, 1000));
    all[1].record = std::string(180'000, '\0');
    all[2].record = std::string(600'000, '"');
    all[3].record = std::string("\xfeLPD\x01\0\x40\0\xff\xc3", 10);
    all[4].record = to_json(letter(9, 1000));
    all[5].record.clear();
    REQUIRE(as_before->put(all));
    for (auto& each : all) each.id = each.id.at(each.id.index() + 100);
    REQUIRE(now->put(all));
    std::size_t count = 0;
    REQUIRE(show_letters(*make_journal_letters(folder), everything, [&](found_letter const& found) -> result<> {
        auto const& wanted = all[(found.letter.id.index() - 1) % 100];
        CHECK((found.letter.record == wanted.record));
        CHECK((found.letter.tag == wanted.tag && found.letter.event_time_ns == wanted.event_time_ns));
        CHECK(found.letter.received_ns == wanted.received_ns);
        ++count;
        return {};
    }));
    CHECK(count == 12);
}

TEST_CASE("a letter that no frame of a journal holds is there in parts, and goes back whole", "[letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    auto large = letter(1, 1000);
    large.record.assign((std::size_t{192} << 20U) + 5, '\x01');
    large.record.back() = 'z';
    auto const small = letter(2, 1000);
    REQUIRE(dead->put(std::array{large, small}));
    auto const letters = make_journal_letters(folder);
    CHECK(live(*letters) == 2);
    std::size_t sent = 0;
    auto const input = [&](std::span<dead_letter const> given) -> result<> {
        for (auto const& each : given)
            if (each.id == large.id)
                CHECK((each.record == large.record));
            else
                CHECK(each.record == small.record);
        sent += given.size();
        return {};
    };
    REQUIRE(retry_letters(*letters, everything, input, false).value().letters == 2);
    CHECK(sent == 2);
    CHECK(live(*letters) == 0);
}
