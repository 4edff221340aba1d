#include "runtime/supervisor.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::runtime;

namespace {

pump_snapshot pump_between(std::string from, std::string to) {
    pump_snapshot made;
    made.stages = {{.name = "source", .target = std::move(from)}, {.name = "sink", .target = std::move(to)}};
    return made;
}

}  // namespace

TEST_CASE("the ledger of a pump that fills a journal and one that empties it counts what waits in it", "[ledger]") {
    auto in = pump_between("forward://:1", "journal:j");
    auto out = pump_between("journal:j", "sqlite:s");
    in.held_before = 100;
    in.this_run = {.in = 110, .indexed = 90, .duplicates = 8, .dead = 2};
    in.book = {.counts = in.this_run, .in_flight = 10};
    out.book = {.counts = {.in = 140, .indexed = 130, .duplicates = 4, .dead = 1}, .in_flight = 5};
    out.backlog = 50;
    auto const book = ledger_of({in, out});
    CHECK(book.line() == "in 210 = indexed 130 + already there 12 + dead 3 + in flight 65");
    CHECK(book.difference() == 0);
}

TEST_CASE("several pumps that fill the same journal count as one", "[ledger]") {
    auto one = pump_between("file:a", "journal:j");
    auto two = pump_between("file:b", "journal:j");
    auto out = pump_between("journal:j", "sqlite:s");
    one.held_before = two.held_before = 100;
    one.this_run = {.in = 50, .indexed = 40, .duplicates = 8, .dead = 2};
    one.book = {.counts = one.this_run, .in_flight = 0};
    two.this_run = {.in = 60, .indexed = 50};
    two.book = {.counts = two.this_run, .in_flight = 10};
    out.book = {.counts = {.in = 140, .indexed = 130, .duplicates = 4, .dead = 1}, .in_flight = 5};
    out.backlog = 50;
    auto const book = ledger_of({one, two, out});
    CHECK(book.line() == "in 210 = indexed 130 + already there 12 + dead 3 + in flight 65");
    CHECK(book.difference() == 0);
}

TEST_CASE("the ledger with a broker on the way counts what waits on it", "[ledger]") {
    auto receive = pump_between("forward://:1", "journal:j");
    auto deliver = pump_between("journal:j", "kafka://b/t");
    auto index = pump_between("kafka://b/t", "sqlite:s");
    receive.held_before = 1000;
    receive.this_run = {.in = 110, .indexed = 90, .duplicates = 8, .dead = 2};
    receive.book = {.counts = receive.this_run, .in_flight = 10};
    deliver.this_run = {.in = 60, .indexed = 53, .dead = 1};
    deliver.book = {.counts = deliver.this_run, .in_flight = 6};
    deliver.backlog = 30;
    index.book = {.counts = {.in = 140, .indexed = 130, .duplicates = 4, .dead = 1}, .in_flight = 5};
    index.backlog = 7;
    auto const book = ledger_of({receive, deliver, index});
    CHECK(book.line() == "in 204 = indexed 130 + already there 12 + dead 4 + in flight 58");
    CHECK(book.difference() == 0);
}

TEST_CASE("pumps that are no chain are added up", "[ledger]") {
    auto one = pump_between("kafka://b/t", "sqlite:s");
    auto two = pump_between("kafka://b/t", "sqlite:s");
    one.book = {.counts = {.in = 5, .indexed = 4}, .in_flight = 1};
    two.book = {.counts = {.in = 7, .indexed = 6, .dead = 1}, .in_flight = 0, .passed = {.tombstones = 0}};
    auto const book = ledger_of({one, two});
    CHECK(book.line() == "in 12 = indexed 10 + already there 0 + dead 1 + in flight 1");
    CHECK(ledger_of({}).difference() == 0);
    CHECK(ledger_of({one}).line() == one.book.line());
}
