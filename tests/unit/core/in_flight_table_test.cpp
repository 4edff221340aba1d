#include "core/in_flight_table.hpp"

#include "support/catch.hpp"

#include <atomic>
#include <string>
#include <thread>

using namespace logpipe;

namespace {

struct entry {
    std::string text;
    int parts = 0;
};
using table = in_flight_table<entry>;

std::optional<entry> acknowledge(table& of, table::slot at, std::size_t bytes) {
    return of.update(at,
                     [&](entry& known) -> table::change { return {.bytes = bytes, .is_done = --known.parts == 0}; });
}

table::slot add(table& to, std::string text, int parts, std::size_t bytes) {
    entry made{.text = std::move(text), .parts = parts};
    auto const at = to.add(made);
    REQUIRE(at.has_value());
    REQUIRE(to.add_bytes(bytes));
    return *at;
}

}  // namespace

TEST_CASE("entries are acknowledged in any order, each given back with its last part", "[in_flight_table]") {
    table sent{{.entries_max = 4, .bytes_max = 100}};
    auto const a = add(sent, "a", 2, 20);
    auto const b = add(sent, "b", 1, 30);
    CHECK(sent.count() == 2);
    CHECK(sent.bytes() == 50);
    CHECK(sent.at(a).text == "a");
    CHECK_FALSE(acknowledge(sent, a, 5));
    auto const done = acknowledge(sent, b, 30);
    REQUIRE(done);
    CHECK(done->text == "b");
    CHECK(sent.bytes() == 15);
    CHECK(acknowledge(sent, a, 15)->text == "a");
    CHECK(sent.count() == 0);
    CHECK(sent.bytes() == 0);
}

TEST_CASE("an entry lies still in its slot, and a free slot is used once more", "[in_flight_table]") {
    table sent{{.entries_max = 2, .bytes_max = 100}};
    auto const a = add(sent, "a", 1, 1);
    auto const* const where = &sent.at(a);
    auto const b = add(sent, "b", 1, 1);
    CHECK(sent.is_full());
    REQUIRE(acknowledge(sent, b, 1));
    auto const c = add(sent, "c", 1, 1);
    CHECK(c == b);
    CHECK(&sent.at(a) == where);
    CHECK(sent.at(a).text == "a");
}

TEST_CASE("who sends waits for room below the bounds of entries and of bytes", "[in_flight_table]") {
    table sent{{.entries_max = 2, .bytes_max = 10}};
    auto const large = add(sent, "large", 1, 1'000);  // goes over the bound
    CHECK(sent.is_full());
    {
        std::atomic<bool> acknowledged{false};
        std::jthread const peer{[&] {
            acknowledged = true;
            (void)acknowledge(sent, large, 1'000);
        }};
        (void)add(sent, "next", 1, 1);
        CHECK(acknowledged);
    }
    (void)add(sent, "last", 1, 1);
    CHECK(sent.is_full());
    std::atomic<bool> acknowledged{false};
    std::jthread const peer{[&] {
        acknowledged = true;
        (void)acknowledge(sent, 0, 1);
        (void)acknowledge(sent, 1, 1);
    }};
    entry more{.text = "more", .parts = 1};
    REQUIRE(sent.add(more));
    CHECK(acknowledged);
}

TEST_CASE("a paused table takes nothing until it goes on, or more room is given", "[in_flight_table]") {
    table sent{{.entries_max = 4, .bytes_max = 0}};
    CHECK(sent.is_full());
    sent.set_bytes_max(10);
    CHECK_FALSE(sent.is_full());
    sent.pause(true);
    CHECK(sent.is_full());
    std::atomic<bool> went_on{false};
    std::jthread const other{[&] {
        went_on = true;
        sent.pause(false);
    }};
    (void)add(sent, "a", 1, 1);
    CHECK(went_on);
}

TEST_CASE("a cancelled table ends all waits and leaves what it did not take untouched", "[in_flight_table]") {
    table sent{{.entries_max = 1, .bytes_max = 10}};
    (void)add(sent, "a", 1, 10);
    std::jthread const other{[&] { sent.cancel(); }};
    CHECK_FALSE(sent.add_bytes(1));
    entry more{.text = "more", .parts = 1};
    CHECK_FALSE(sent.add(more));
    CHECK(more.text == "more");
}
