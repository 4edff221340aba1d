#include "codec/dead_letter_bundle.hpp"
#include "codec/dead_letter_frame.hpp"
#include "codec/dead_letter_json.hpp"
#include "runtime/dead_letters.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::runtime;
using namespace std::chrono_literals;

namespace {

/// Takes batches and finishes them when the test says so, from the test's thread.
struct later_sink_state {
    completions* reports = nullptr;
    std::vector<batch> held;
    std::atomic<std::size_t> writes = 0;
    std::atomic<std::size_t> opens = 0;
    std::atomic<bool> cancelled = false;
    std::atomic<std::size_t> failing_flushes = 0;
    std::atomic<bool> finish_in_flush = false;

    void finish_all() {
        auto all = std::move(held);
        held.clear();
        for (auto& each : all) reports->done(std::move(each));
    }
};

class later_sink final : public sink {
  public:
    explicit later_sink(later_sink_state& state) : state_{state} {}
    result<> open(completions& reports) override {
        state_.reports = &reports;
        ++state_.opens;
        return {};
    }
    result<> write(batch& events) override {
        state_.held.push_back(std::move(events));
        ++state_.writes;
        return {};
    }
    result<> flush() override {
        if (state_.failing_flushes > 0) {
            --state_.failing_flushes;
            return error{errc::storage_failed, "the disk"};
        }
        if (state_.finish_in_flush) state_.finish_all();
        return {};
    }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override { state_.cancelled = true; }
    stage_status status() const override { return {}; }

  private:
    later_sink_state& state_;
};

std::vector<dead_letter> letters_of_one_chunk(std::size_t count) {
    std::vector<dead_letter> letters;
    for (std::uint32_t i = 0; i < count; ++i)
        letters.push_back({.id = event_id{.high = 5, .low = 0}.at(2 * i),
                           .stage = "normalize",
                           .reason = "bad",
                           .origin = "memory offset 1",
                           .tag = "app.follow",
                           .time_ns = 1'700'000'000'000'000'000 + i,
                           .event_time_ns = 0,
                           .received_ns = 0,
                           .record = "x"});
    return letters;
}

}  // namespace

TEST_CASE("dead letters carry the id of what they are about, and one time", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 0ms);
    auto const letters = letters_of_one_chunk(3);
    REQUIRE_FALSE(dead->put(letters));
    REQUIRE(state.held.size() == 1);
    auto const& events = state.held.front().events;
    REQUIRE(events.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(events[i].id == letters[i].id);
        CHECK(events[i].received_ns == letters[0].time_ns);
    }
}

TEST_CASE("a dead letter without an id gets one that its repeat would get too", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 0ms);
    auto letters = letters_of_one_chunk(1);
    letters.front().id = {};
    REQUIRE_FALSE(dead->put(letters));
    auto const id = state.held.front().events.front().id;
    CHECK(id);
    CHECK(read_dead_letter_frame(state.held.front().records).value().id == id);

    later_sink_state other;
    auto const again = make_dead_letters(std::make_unique<later_sink>(other), letter_form::frame, 0ms);
    REQUIRE_FALSE(again->put(letters));
    CHECK(other.held.front().events.front().id == id);
}

TEST_CASE("dead letters are put once a sink says later that they are safe", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 60s);
    auto const letters = letters_of_one_chunk(2);
    std::atomic<bool> returned = false;
    result<> put = error{errc::cancelled, "not put"};
    std::jthread putting{[&] {
        put = dead->put(letters);
        returned = true;
    }};
    while (state.writes == 0) std::this_thread::yield();
    CHECK_FALSE(returned.load());
    state.finish_all();
    putting.join();
    CHECK(put);
}

TEST_CASE("dead letters that are not safe in time are waited for by the next put, not written again", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 1ms);
    auto const letters = letters_of_one_chunk(2);
    for (int i = 0; i < 3; ++i) {
        auto const put = dead->put(letters);
        REQUIRE_FALSE(put.has_value());
        CHECK(put.error().code == errc::timed_out);
    }
    CHECK(state.writes == 1);
    state.finish_all();
    CHECK(dead->put(letters));
    CHECK(state.writes == 1);
    state.finish_in_flush = true;
    CHECK(dead->put(letters));  // the same once more is new
    CHECK(state.writes == 2);
}

TEST_CASE("dead letters that a sink holds after a failed flush are not written again", "[dead_letter]") {
    later_sink_state state;
    state.failing_flushes = 1;
    state.finish_in_flush = true;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 60s);
    auto const letters = letters_of_one_chunk(2);
    auto const failed = dead->put(letters);
    REQUIRE_FALSE(failed.has_value());
    CHECK(failed.error().code == errc::storage_failed);
    CHECK(dead->put(letters));
    CHECK(state.writes == 1);
    CHECK(state.opens == 2);
}

TEST_CASE("cancel ends a put that waits, and the sink's own waits", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), letter_form::frame, 60s);
    result<> put;
    std::jthread putting{[&] { put = dead->put(letters_of_one_chunk(1)); }};
    while (state.writes == 0) std::this_thread::yield();
    dead->cancel();
    putting.join();
    CHECK(state.cancelled);
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().code == errc::cancelled);
}

namespace {

/// Takes what is at most so large, keeps it, and says so at once.
class limited_sink final : public sink {
  public:
    enum class way : std::uint8_t {
        reports,  ///< takes the batch and reports the large ones as rejected, as Kafka's
        names,    ///< write() rejects and marks one, as the journal's
        whole     ///< write() rejects all of the batch and names nothing
    };
    limited_sink(std::size_t& bytes_max, way how, std::vector<std::string>& kept)
        : bytes_max_{bytes_max}, how_{how}, kept_{kept} {}

    result<> open(completions& reports) override {
        reports_ = &reports;
        return {};
    }
    result<> write(batch& events) override {
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            auto const& row = events.events[i];
            if (row.rejected || row.record_bytes <= bytes_max_) continue;
            if (how_ != way::whole) events.reject(i, "limited", "too large");
            if (how_ != way::reports) return error{errc::rejected, "too large"};
        }
        for (auto const& row : events.events)
            if (!row.rejected) kept_.emplace_back(events.record(row));
        auto taken = std::move(events);
        reports_->done(std::move(taken));
        return {};
    }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {}
    stage_status status() const override { return {}; }

  private:
    completions* reports_ = nullptr;
    std::size_t& bytes_max_;
    way const how_;
    std::vector<std::string>& kept_;
};

constexpr std::size_t head_bytes_max = 4'096;

std::string hostile(std::size_t bytes) {
    // Begins like a head; then NULs, quotes, bytes that are not UTF-8.
    std::string record{"\xfeLPD\x01\0{\"id\":\"", 14};
    while (record.size() < bytes) record += std::string_view{"\0\x01\"\\\xff\xc3\x28", 8};
    record.resize(bytes);
    return record;
}

/// The record of a letter: of the parts that were written last.
std::string joined(std::vector<std::string> const& kept, event_id id) {
    std::string all;
    for (auto const& each : kept) {
        auto const part = read_dead_letter_frame(each);
        REQUIRE(part.has_value());
        if (part->id != id) continue;
        if (part->part.index == 0) all.clear();
        all += part->record;
    }
    return all;
}

}  // namespace

TEST_CASE("a dead letter is its event's bytes behind a bounded head, whatever the bytes and the texts are",
          "[dead_letter]") {
    auto const bytes = GENERATE(std::size_t{0}, std::size_t{1}, std::size_t{200}, std::size_t{180'000});
    std::vector<std::string> kept;
    std::size_t unlimited = SIZE_MAX;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(unlimited, limited_sink::way::reports, kept),
                                        letter_form::frame, 0ms);
    auto letters = letters_of_one_chunk(1);
    auto& letter = letters.front();
    letter.record = hostile(bytes);
    letter.reason = std::string(100'000, '"');
    letter.origin = std::string(100'000, '\xc3');
    letter.tag = std::string(2'000, 't');
    letter.event_time_ns = 1'431'849'932'123'456'789;
    letter.received_ns = 1'769'823'099'001'000'007;
    REQUIRE(dead->put(letters));
    REQUIRE(kept.size() == 1);
    CHECK(kept.front().size() <= bytes + head_bytes_max);
    auto const read = read_dead_letter_frame(kept.front());
    REQUIRE(read.has_value());
    CHECK((read->record == letter.record));
    CHECK(read->id == letter.id);
    CHECK(read->stage == "normalize");
    CHECK(read->reason.starts_with("(its tag of 2000 bytes is cut) \"\""));
    CHECK((read->event_time_ns == letter.event_time_ns && read->received_ns == letter.received_ns));
    CHECK(read->time_ns == letter.time_ns);
}

TEST_CASE("a dead letter in JSON is one line and gives the bytes back", "[dead_letter]") {
    std::vector<std::string> kept;
    std::size_t unlimited = SIZE_MAX;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(unlimited, limited_sink::way::reports, kept),
                                        letter_form::json, 0ms);
    auto letters = letters_of_one_chunk(2);
    letters[0].record = hostile(70'000);
    letters[1].record = std::string(70'000, '\0') + "\n\"";
    REQUIRE(dead->put(letters));
    REQUIRE(kept.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        CHECK_FALSE(kept[i].contains('\n'));
        CHECK((parse_dead_letter(kept[i]).value().record == letters[i].record));
    }
}

TEST_CASE("a dead letter larger than its destination takes goes in parts, and its neighbours whole", "[dead_letter]") {
    auto const how = GENERATE(limited_sink::way::reports, limited_sink::way::names, limited_sink::way::whole);
    auto const limit = GENERATE(std::size_t{6'000}, std::size_t{100'000}, std::size_t{1'000'000});
    std::vector<std::string> kept;
    std::size_t bytes_max = limit;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(bytes_max, how, kept), letter_form::frame, 0ms);
    auto letters = letters_of_one_chunk(3);
    letters[1].record = hostile(3'000'001);
    REQUIRE(dead->put(letters));
    for (auto const& each : kept) CHECK(each.size() <= limit);
    CHECK(std::ranges::count_if(
              kept, [&](auto const& each) { return read_dead_letter_frame(each)->id == letters[0].id; }) == 1);
    CHECK(std::ranges::count_if(
              kept, [&](auto const& each) { return read_dead_letter_frame(each)->id == letters[2].id; }) == 1);
    CHECK((joined(kept, letters[1].id) == letters[1].record));
}

TEST_CASE("parts in JSON have ids of their own, so that documents do not hide each other", "[dead_letter]") {
    std::vector<std::string> kept;
    std::size_t bytes_max = 8'000;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(bytes_max, limited_sink::way::reports, kept),
                                        letter_form::json, 0ms);
    auto letters = letters_of_one_chunk(1);
    letters.front().record = std::string(20'000, 'x');
    REQUIRE(dead->put(letters));
    REQUIRE(kept.size() > 2);
    CHECK(kept.back().contains(R"("part":)"));
}

TEST_CASE("what a destination does not even take in the smallest parts waits with a reason until it does",
          "[dead_letter]") {
    std::vector<std::string> kept;
    std::size_t bytes_max = 100;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(bytes_max, limited_sink::way::reports, kept),
                                        letter_form::frame, 0ms);
    auto letters = letters_of_one_chunk(1);
    letters.front().record = std::string(5'000, 'x');
    auto const put = dead->put(letters);
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().code == errc::rejected);
    CHECK(put.error().message.contains("too large"));
    CHECK(put.error().message.contains("limits of their destination"));
    bytes_max = 10'000;
    CHECK(dead->put(letters));
    CHECK((joined(kept, letters.front().id) == letters.front().record));
}

TEST_CASE("many dead letters that say nearly the same are one small record of a journal, a few stay as they are",
          "[dead_letter]") {
    std::vector<std::string> kept;
    std::size_t bytes_max = SIZE_MAX;
    auto const dead = make_dead_letters(std::make_unique<limited_sink>(bytes_max, limited_sink::way::names, kept),
                                        letter_form::bundle, 0ms);
    auto letters = letters_of_one_chunk(5'000);
    for (auto& each : letters) each.tag = "app." + std::string(1'000, 't');
    REQUIRE(dead->put(letters));
    REQUIRE(kept.size() == 1);
    CHECK(kept[0].size() < 200'000);
    CHECK_FALSE(read_dead_letter_frame(kept[0]).has_value());
    std::size_t count = 0;
    REQUIRE(is_dead_letter_bundle(kept[0]));
    REQUIRE(each_in_bundle(kept[0], [&](std::string_view frame) -> result<> {
        CHECK(read_dead_letter_frame(frame).value().id == letters[count++].id);
        return {};
    }));
    CHECK(count == 5'000);

    kept.clear();
    REQUIRE(dead->put(std::span{letters}.first(20)));
    CHECK(kept.size() == 20);

    // Not one that the destination takes no bundle of is lost.
    kept.clear();
    bytes_max = 3'000;
    REQUIRE(dead->put(letters));
    CHECK(kept.size() == 5'000);
}
