#include "audit/letters.hpp"
#include "codec/dead_letter_json.hpp"

#include "codec/dead_letter_pack.hpp"
#include "journal/journal.hpp"
#include "runtime/dead_letters.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include "support/reports.hpp"

#include <array>
#include <atomic>
#include <stop_token>
#include <thread>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::codec;
using namespace logpipe::journal;
using namespace logpipe::runtime;

namespace {

event_id endpoint(std::uint32_t number) {
    return event_id{.high = 3, .low = std::uint64_t{8} << 32U}.at(number);
}

dead_letter letter(std::uint32_t number, std::int64_t time_ms) {
    return {.id = endpoint(number),
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

TEST_CASE("all dead letters of one chunk are kept by a journal, alike as they may be", "[dead_letters]") {
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

TEST_CASE("dead letters of a journal are resolved beside it while its writer runs", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    REQUIRE(dead->put(std::array{letter(1, 1000), letter(2, 1000)}));

    auto const letters = make_journal_letters(folder);
    CHECK(live(*letters) == 2);
    auto const purged = purge_letters(*letters, {.ids = {endpoint(1)}, .reason = {}, .all = false});
    REQUIRE(purged.has_value());
    CHECK(purged->letters == 1);
    CHECK(live(*letters) == 1);
    CHECK(live(*make_journal_letters(folder)) == 1);

    // A second tool does not get in between.
    auto const other = make_journal_letters(folder);
    auto const rejected = purge_letters(*other, everything);
    REQUIRE_FALSE(rejected.has_value());
    CHECK(rejected.error().code == errc::busy);

    // Rejected once more: a newer letter of the same id is there again.
    REQUIRE(dead->put(std::array{letter(1, 1001)}));
    CHECK(live(*letters) == 2);
}

TEST_CASE("a retry into a journal keeps id, tag, times and bytes, as often as it is done", "[dead_letters]") {
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
            CHECK(row.id == endpoint(1));
            CHECK(row.time_ns == 5'000'000'000);
            CHECK(row.received_ns == 6'000'000'000);
            CHECK(read.tags[row.tag] == "app.follow");
            CHECK(read.record(row) == "line 1");
        }
        return {};
    }));
    CHECK(events == 2);
}

TEST_CASE("a journal that another process writes takes no retry", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const running = open_journal({.folder = scratch.path("in")});
    REQUIRE(running.has_value());
    auto const input = make_journal_input(scratch.path("in"));
    REQUIRE_FALSE(input.has_value());
    CHECK(input.error().code == errc::busy);
}

TEST_CASE("a journal gives a dead letter's bytes back, whatever they are, beside dead letters in JSON",
          "[dead_letters]") {
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

TEST_CASE("a dead letter that no frame of a journal holds is there in parts, and goes back whole", "[dead_letters]") {
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

TEST_CASE("a retry into a journal that other threads write and sync is done once, and counted once", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto running = open_journal({.folder = scratch.path("in")});
    REQUIRE(running.has_value());
    // Three clients' threads: each may be the one whose sync makes a retry safe.
    std::vector<std::jthread> others;
    for (std::uint32_t thread = 0; thread < 3; ++thread)
        others.emplace_back([&, thread](std::stop_token const& stop) {
            auto const to = (*running)->make_sink();
            test::finished_batches reports;
            if (!to->open(reports)) return;
            for (std::uint32_t i = 0; !stop.stop_requested(); ++i) {
                batch one;
                one.append(one.tag_index("app.x"), event_id{.high = 50 + thread, .low = i + 1}.at(0), 1, "other");
                one.end_offset = 1;
                if (!to->write(one) || !to->flush()) return;
            }
        });
    std::atomic<std::uint64_t> safe = 0;
    auto const input = make_journal_input(*running, [&](std::uint64_t events) { safe += events; });
    std::uint64_t failed = 0;
    for (std::uint32_t i = 0; i < 300; ++i)
        if (!input(std::array{letter(2 * i, 1000), letter(2 * i + 1, 1000)})) ++failed;
    others.clear();
    CHECK(failed == 0);
    CHECK(safe == 600);
    std::uint64_t found = 0;
    REQUIRE(export_journal(scratch.path("in"), [&](batch const& read) -> result<> {
        for (auto const& row : read.events) found += read.tags[row.tag] == "app.follow" ? 1U : 0U;
        return {};
    }));
    CHECK(found == 600);
}

TEST_CASE("a retry of a dead letter about many entries sends each with its own id, in portions", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto running = open_journal({.folder = folder, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    dead_letter_packer pack;
    for (std::uint32_t i = 0; i < 2'500; ++i) pack.add(2 * i, i == 0 ? "first" : "bad", "entry " + std::to_string(i));
    auto several = letter(pack_index, 1000);
    several.entries = pack.count();
    several.record = pack.finish();
    auto damaged = letter(4, 1000);
    damaged.id.high = 77;
    damaged.entries = 3;
    damaged.record = "no pack";
    REQUIRE(dead->put(std::array{several, letter(1, 1000), damaged}));

    auto const letters = make_journal_letters(folder);
    auto const list = list_letters(*letters, 10, [&](letter_summary const& each) {
        CHECK(each.entries == (each.id == several.id ? 2500U : each.id == damaged.id ? 3U : 0U));
    });
    REQUIRE(list.has_value());
    CHECK(list->letters == 3);
    CHECK(list->events == 2'504);
    auto const text = readable_entries(several, 2);
    CHECK(text == "entry 0 (first), 7 bytes: entry 0\nentry 2 (bad), 7 bytes: entry 1\nand 2498 more entries\n");

    std::size_t sent = 0;
    auto const input = [&](std::span<dead_letter const> given) -> result<> {
        CHECK(given.size() <= 1'001);
        for (auto const& each : given) {
            CHECK(each.entries == 0);
            if (each.record.starts_with("line")) continue;
            if (each.id == endpoint(0)) sent = 0;  // once more, letter by letter, because of the damaged one
            CHECK((each.id == endpoint(2 * static_cast<std::uint32_t>(sent)) && each.tag == "app.follow"));
            CHECK((each.record == "entry " + std::to_string(sent) && each.received_ns == several.received_ns));
            ++sent;
        }
        return {};
    };
    auto const done = retry_letters(*letters, everything, input, false);
    REQUIRE(done.has_value());
    CHECK(done->letters == 2);
    REQUIRE(done->rejected.size() == 1);
    CHECK(done->rejected[0].first == damaged.id);
    CHECK(done->rejected[0].second.contains("damaged"));
    CHECK(sent == 2'500);
    CHECK(live(*letters) == 1);
}

namespace {

std::uint64_t segment_bytes(std::string const& folder) {
    std::uint64_t bytes = 0;
    for (auto const& each : inspect_journal(folder).value().segments) bytes += each.bytes;
    return bytes;
}

}  // namespace

TEST_CASE("purged and retried dead letters free their space, whichever process has their journal open",
          "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    enum class way { closed, here, elsewhere };
    auto const how = GENERATE(way::closed, way::here, way::elsewhere);
    auto running =
        open_journal({.folder = folder, .segment_bytes = 4'000, .bytes_max = 1'000'000, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    std::shared_ptr<topic> open = *running;
    running = error{errc::busy, ""};
    {
        auto const dead = make_dead_letters(open->make_sink(), letter_form::frame);
        for (std::uint32_t i = 0; i < 200; ++i) REQUIRE(dead->put(std::array{letter(i, 1000 + i)}));
    }
    auto const full = segment_bytes(folder);
    if (how == way::closed) open.reset();
    std::atomic<bool> tended = true;  // Catch counts on one thread only
    std::jthread tending;
    if (how == way::elsewhere)
        tending = std::jthread{[&](std::stop_token const& stop) {
            while (!stop.stop_requested()) {
                if (!open->tend()) tended = false;
                std::this_thread::sleep_for(std::chrono::milliseconds{5});
            }
        }};
    auto const letters = make_journal_letters(folder, how == way::here ? open : nullptr);

    // The first half in single files, but for one letter in the middle.
    letter_selection some;
    for (std::uint32_t i = 0; i < 100; ++i)
        if (i != 50) some.ids.push_back(endpoint(i));
    auto const purged = purge_letters(*letters, some);
    REQUIRE(purged.has_value());
    CHECK(purged->letters == 99);
    CHECK_FALSE(purged->room.pending);
    CHECK(purged->room.freed_bytes > full / 4);
    CHECK(segment_bytes(folder) < full * 3 / 4);
    CHECK(live(*letters) == 101);

    auto const taken = [](std::span<dead_letter const>) -> result<> { return {}; };
    auto const retried = retry_letters(*letters, everything, taken, false);
    REQUIRE(retried.has_value());
    CHECK(retried->letters == 101);
    CHECK(segment_bytes(folder) == 0);
    CHECK(live(*letters) == 0);

    // Rejected once more, it says that it is the second time although the first one is gone.
    tending = {};
    CHECK(tended);
    if (!open) open = open_journal({.folder = folder}).value();
    auto const dead = make_dead_letters(open->make_sink(), letter_form::frame);
    REQUIRE(dead->put(std::array{letter(150, 5'000)}));
    REQUIRE(list_letters(*letters, 10, [](letter_summary const& each) { CHECK(each.attempts == 2); }).value().letters ==
            1);
}

TEST_CASE("space that nobody frees is requested, and the purge still succeeds", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto const running = open_journal({.folder = folder, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::frame);
    REQUIRE(dead->put(std::array{letter(1, 1000)}));
    auto const purged = purge_letters(*make_journal_letters(folder), everything);
    REQUIRE(purged.has_value());
    CHECK(purged->letters == 1);
    CHECK(purged->room.pending);
    CHECK(is_free_requested(folder));
    REQUIRE((*running)->tend());
    CHECK_FALSE(is_free_requested(folder));
    CHECK(segment_bytes(folder) == 0);
}

TEST_CASE("dead letters of a bundle are resolved one by one, and their room is free when all are", "[dead_letters]") {
    test::scratch_folder const scratch;
    auto const folder = scratch.path("in.dlq");
    auto const running = open_journal({.folder = folder, .chunk_window_count = 0});
    REQUIRE(running.has_value());
    auto const dead = make_dead_letters((*running)->make_sink(), letter_form::bundle);
    std::vector<dead_letter> all;
    for (std::uint32_t i = 0; i < 1'000; ++i) all.push_back(letter(i, 1000));
    for (auto& each : all) each.tag = std::string(1'000, 't');
    REQUIRE(dead->put(all));
    CHECK(segment_bytes(folder) < 100'000);
    auto const letters = make_journal_letters(folder, *running);
    CHECK(live(*letters) == 1'000);
    REQUIRE(purge_letters(*letters, {.ids = {endpoint(500)}, .reason = {}, .all = false}).value().letters == 1);
    CHECK(live(*letters) == 999);
    std::size_t sent = 0;
    auto const input = [&](std::span<dead_letter const> given) -> result<> {
        for (auto const& each : given) sent += each.tag == all[0].tag ? 1U : 0U;
        return {};
    };
    REQUIRE(retry_letters(*letters, everything, input, false).has_value());
    CHECK(sent == 999);
    CHECK(segment_bytes(folder) == 0);
}
