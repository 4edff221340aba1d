#include "logpipe/pipeline.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace logpipe;
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
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 0ms);
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
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 0ms);
    auto letters = letters_of_one_chunk(1);
    letters.front().id = {};
    REQUIRE_FALSE(dead->put(letters));
    auto const id = state.held.front().events.front().id;
    CHECK(id);
    CHECK(state.held.front().records.contains(id.text()));

    later_sink_state other;
    auto const again = make_dead_letters(std::make_unique<later_sink>(other), 0ms);
    REQUIRE_FALSE(again->put(letters));
    CHECK(other.held.front().events.front().id == id);
}

TEST_CASE("dead letters are put once a sink says later that they are safe", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 60s);
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

TEST_CASE("letters that are not safe in time are waited for by the next put, not written again", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 1ms);
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

TEST_CASE("letters that a sink holds after a failed flush are not written again", "[dead_letter]") {
    later_sink_state state;
    state.failing_flushes = 1;
    state.finish_in_flush = true;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 60s);
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
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 60s);
    result<> put;
    std::jthread putting{[&] { put = dead->put(letters_of_one_chunk(1)); }};
    while (state.writes == 0) std::this_thread::yield();
    dead->cancel();
    putting.join();
    CHECK(state.cancelled);
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().code == errc::cancelled);
}

TEST_CASE("a letter that the sink refuses fails with the reason", "[dead_letter]") {
    later_sink_state state;
    auto const dead = make_dead_letters(std::make_unique<later_sink>(state), 0ms);
    auto const letters = letters_of_one_chunk(1);
    REQUIRE_FALSE(dead->put(letters));
    state.held.front().reject(0, "kafka", "too large");
    state.finish_all();
    auto const put = dead->put(letters);
    REQUIRE_FALSE(put.has_value());
    CHECK(put.error().code == errc::rejected);
    CHECK(put.error().message.contains("too large"));
}
