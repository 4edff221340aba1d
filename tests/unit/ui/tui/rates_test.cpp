#include "rates.hpp"

#include "support/catch.hpp"
#include "support/snapshots.hpp"

using namespace logpipe;
using namespace logpipe::status;
using namespace logpipe::tui;
using namespace std::chrono_literals;

namespace {

using look_time = std::chrono::steady_clock::time_point;

status_report report_of(process_snapshot process) {
    status_report report;
    report.processes.push_back(std::move(process));
    return report;
}

}  // namespace

TEST_CASE("rates are what the counters grew by since the last look, a second", "[rates]") {
    rate_book book;
    auto process = sample_snapshot();
    auto& index = process.pumps.at(1);
    book.update(report_of(process), look_time{10s});
    REQUIRE(book.pumps().size() == 2);
    CHECK(book.pumps()[1].name == "run/index");
    CHECK(book.pumps()[1].in_per_second == 0.0);

    index.this_run.in += 500;
    index.this_run.indexed += 200;
    index.this_run.dead += 20;
    index.retries += 2;
    book.update(report_of(process), look_time{12s});
    auto const& rates = book.pumps()[1];
    CHECK(rates.in_per_second == 250.0);
    CHECK(rates.out_per_second == 110.0);
    CHECK(rates.errors_per_second == 11.0);
    CHECK(rates.fill == 0.5);  // of its bytes; its queues are at 2 of 16
}

TEST_CASE("a process that was restarted has no rate until the next snapshot", "[rates]") {
    rate_book book;
    auto process = sample_snapshot();
    book.update(report_of(process), look_time{10s});
    process.started_ns += 1;
    process.pumps.at(1).this_run = {.in = 1'000'000};
    book.update(report_of(process), look_time{11s});
    CHECK(book.pumps()[1].in_per_second == 0.0);
}

TEST_CASE("the time to drain follows how the backlog shrinks, and there is none while it grows", "[rates]") {
    rate_book book;
    auto process = sample_snapshot();
    auto& index = process.pumps.at(1);
    auto const take_report = [&](std::uint64_t unread, std::chrono::seconds when) {
        index.backlog = unread;
        index.book.in_flight = 0;
        book.update(report_of(process), look_time{when});
        return book.pumps()[1];
    };
    CHECK(take_report(0, 1s).drain_seconds == 0.0);
    CHECK(take_report(1000, 2s).backlog == 1000);
    CHECK_FALSE(take_report(2000, 3s).drain_seconds.has_value());
    rate_book fresh;
    book = fresh;
    CHECK_FALSE(take_report(1000, 1s).drain_seconds.has_value());
    CHECK(take_report(800, 2s).drain_seconds == 4.0);
    CHECK(take_report(0, 3s).drain_seconds == 0.0);
}

TEST_CASE("latencies are of the last snapshots, not of the process's whole life", "[rates]") {
    rate_book book;
    auto process = sample_snapshot();
    auto& index = process.pumps.at(1);
    index.safe_after.add(3000.0, 1'000'000);
    book.update(report_of(process), look_time{1s});
    CHECK(book.pumps()[1].p99_seconds == 0.0);
    index.safe_after.add(0.2, 100);
    book.update(report_of(process), look_time{2s});
    CHECK(book.pumps()[1].p50_seconds > 0.1);
    CHECK(book.pumps()[1].p99_seconds < 0.26);
}

TEST_CASE("pumps that are gone are left out, and the history does not grow without end", "[rates]") {
    rate_book book;
    for (std::size_t i = 0; i < rate_book::history_max + 50; ++i)
        book.update(report_of(sample_snapshot()), look_time{std::chrono::seconds{i}});
    CHECK(book.pumps()[0].out_history.size() == rate_book::history_max);
    book.update({}, look_time{1h});
    CHECK(book.pumps().empty());
}
