#include "logpipe/status.hpp"

#include "support/catch.hpp"
#include "support/snapshots.hpp"

using namespace logpipe;

TEST_CASE("the ledger's line names every term", "[ledger]") {
    ledger const book{.counts = {.in = 51'462, .indexed = 51'460, .duplicates = 1, .dead = 1}, .in_flight = 0};
    REQUIRE(book.line() == "in 51462 = indexed 51460 + already there 1 + dead 1 + in flight 0");
    REQUIRE(book.difference() == 0);
}

TEST_CASE("what came in beside the first stage is said, and is no term by itself", "[ledger]") {
    ledger const book{
        .counts = {.in = 52, .indexed = 52}, .in_flight = 0, .passed = {}, .by_runs = 50, .by_retries = 2};
    CHECK(book.difference() == 0);
    CHECK(book.line() ==
          "in 52 = indexed 52 + already there 0 + dead 0 + in flight 0 (of in: 50 by runs, 2 by retries)");
}

TEST_CASE("offsets that hold no event stand in the line where there are any", "[ledger]") {
    ledger book{
        .counts = {.in = 20, .indexed = 10}, .in_flight = 0, .passed = {.tombstones = 2, .gaps = 5, .expired = 0}};
    REQUIRE(book.difference() == 3);
    REQUIRE(book.line() ==
            "in 20 = indexed 10 + already there 0 + dead 0 + in flight 0 + skipped 7 (2 tombstones, 5 gaps)");
    book.passed = {.tombstones = 0, .gaps = 0, .expired = 10};
    REQUIRE(book.difference() == 0);
    REQUIRE(book.line() == "in 20 = indexed 10 + already there 0 + dead 0 + in flight 0 + expired 10");
}

TEST_CASE("events that went another way are a term, and stand in the line where there are any", "[ledger]") {
    ledger const book{.counts = {.in = 300, .indexed = 90, .dead = 1, .routed = 200}, .in_flight = 9};
    REQUIRE(book.difference() == 0);
    REQUIRE(book.line() == "in 300 = indexed 90 + already there 0 + dead 1 + in flight 9 + routed 200");
}

TEST_CASE("events that a rule dropped are a term, and are in the line where there are any", "[ledger]") {
    ledger const book{.counts = {.in = 300, .indexed = 90, .dead = 1, .dropped = 200}, .in_flight = 9};
    REQUIRE(book.difference() == 0);
    REQUIRE(book.line() == "in 300 = indexed 90 + already there 0 + dead 1 + in flight 9 + dropped 200");
}

TEST_CASE("what a sink has taken and not made safe is a term, and is in the line where there is any", "[ledger]") {
    ledger const book{.counts = {.in = 100, .indexed = 50, .dead = 1}, .in_flight = 9, .taken = 40};
    REQUIRE(book.difference() == 0);
    REQUIRE(book.not_safe() == 49);
    REQUIRE(book.line() == "in 100 = indexed 50 + already there 0 + dead 1 + in flight 9 + taken 40");
    pump_snapshot const pump{.book = book, .backlog = 11};
    REQUIRE(waiting_events(pump) == 60);
}

TEST_CASE("the ledger's difference is positive where events are missing and negative where there are too many",
          "[ledger]") {
    REQUIRE(ledger{.counts = {.in = 10, .indexed = 4}, .in_flight = 1}.difference() == 5);
    REQUIRE(ledger{.counts = {.in = 1, .indexed = 4}, .in_flight = 1}.difference() == -4);
}

TEST_CASE("all is up when no stage of any pump is down", "[ledger]") {
    auto process = sample_snapshot();
    REQUIRE_FALSE(all_up(process));
    process.pumps.at(1).stages.at(2).up = true;
    REQUIRE(all_up(process));
    REQUIRE(all_up(process_snapshot{}));
}
