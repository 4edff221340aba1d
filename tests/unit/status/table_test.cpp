#include "logpipe/status.hpp"

#include "base/clock.hpp"

#include "support/catch.hpp"
#include "support/snapshots.hpp"

#include <sstream>

using namespace logpipe;

TEST_CASE("the table shows each pump and stage in aligned columns, the ledger, and what is wrong", "[table]") {
    auto process = sample_snapshot();
    process.started_ns = now_ns() - 3'720'500'000'000;
    REQUIRE(to_table(process) ==
            "logpipe run 0.1.0  pid 4711  up 1 h 2 min  ready\n"
            "\n"
            "PUMP     STAGE           STATE      IN  INDEXED  ALREADY THERE  DEAD  IN FLIGHT  RETRIES\n"
            "forward                  finished  100      100              0     0          0        0\n"
            "         forward_source  up                                                            0\n"
            "         journal_sink    up                                                            0\n"
            "index                    down      100       70             20     3          7        4\n"
            "         journal_source  up                                                            0\n"
            "         normalize       up                                                            0\n"
            "         sqlite_sink     down                                                          4\n"
            "\n"
            "in 100 = indexed 70 + already there 20 + dead 3 + in flight 7\n"
            "sqlite_sink of index is down: the disk is full: free some space under /var/lib/logpipe\n");
}

TEST_CASE("the table says when a ledger is off", "[table]") {
    auto process = sample_snapshot();
    process.book.counts.in = 105;
    process.pumps.at(0).book.counts.in = 98;
    auto const table = to_table(process);
    REQUIRE_THAT(table, ContainsSubstring("the ledger of forward is off by -2 events\n"));
    REQUIRE_THAT(table, ContainsSubstring("the ledger is off by 5 events\n"));
}

TEST_CASE("the table tells ready, not ready and draining apart", "[table]") {
    process_snapshot process;
    REQUIRE_THAT(to_table(process), ContainsSubstring("  not ready\n"));
    process.ready = true;
    REQUIRE_THAT(to_table(process), ContainsSubstring("  ready\n"));
    process.draining = true;
    REQUIRE_THAT(to_table(process), ContainsSubstring("  draining\n"));
}

TEST_CASE("a reason with a peer's control characters stays one harmless line of the table", "[table]") {
    auto process = sample_snapshot();
    process.pumps.at(1).stages.at(2).why = "\x1b[2Jgone\nin 1 = indexed 1";
    REQUIRE_THAT(to_table(process), ContainsSubstring("is down:  [2Jgone in 1 = indexed 1\n"));
}

TEST_CASE("the time since the start is told in two units", "[table]") {
    process_snapshot process;
    auto const up = [&](std::int64_t seconds) {
        process.started_ns = now_ns() - seconds * 1'000'000'000 - 500'000'000;
        return to_table(process);
    };
    REQUIRE_THAT(up(7), ContainsSubstring("  up 7 s  "));
    REQUIRE_THAT(up(75), ContainsSubstring("  up 1 min 15 s  "));
    REQUIRE_THAT(up(86'400 * 3 + 7200), ContainsSubstring("  up 3 d 2 h  "));
    REQUIRE_THAT(up(-1000), ContainsSubstring("  up 0 s  "));
}
