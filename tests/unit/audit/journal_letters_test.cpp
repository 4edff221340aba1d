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
    auto const dead = make_dead_letters((*topic)->make_sink());
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
    auto const dead = make_dead_letters((*running)->make_sink());
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
    auto const dead = make_dead_letters((*running)->make_sink());
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
