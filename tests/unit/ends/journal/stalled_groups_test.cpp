#include "stalled_groups.hpp"

#include "support/catch.hpp"

using namespace logpipe::journal;
using namespace std::chrono_literals;

namespace {

struct observed_groups {
    void at(std::chrono::seconds time, std::vector<journal_cursor_info> const& cursors, std::uint64_t end) {
        groups.observe(cursors, end, std::chrono::steady_clock::time_point{1h} + time);
    }
    stalled_groups groups{"data/nginx-logs"};
};

}  // namespace

TEST_CASE("a group that reads no further for minutes is named, with what it keeps", "[journal]") {
    observed_groups all;
    all.at(0s, {{.group = "audit", .offset = 12, .counts = {}}, {.group = "index", .offset = 20, .counts = {}}}, 20);
    all.at(299s, {{.group = "audit", .offset = 12, .counts = {}}, {.group = "index", .offset = 20, .counts = {}}}, 90);
    CHECK(all.groups.count() == 0);
    CHECK(all.groups.hint().empty());
    all.at(300s, {{.group = "audit", .offset = 12, .counts = {}}, {.group = "index", .offset = 20, .counts = {}}}, 90);
    CHECK(all.groups.count() == 1);
    CHECK(all.groups.hint() ==
          "the group audit has not moved from offset 12 for 5 minutes and more and keeps 78 events: start its reader, "
          "or remove data/nginx-logs/cursors/audit if there is none any more");
}

TEST_CASE("a group that moves, has read everything or is gone is not stalled", "[journal]") {
    observed_groups all;
    all.at(0s, {{.group = "index", .offset = 1, .counts = {}}}, 20);
    all.at(301s, {{.group = "index", .offset = 20, .counts = {}}}, 20);
    CHECK(all.groups.count() == 0);
    // What it waits for comes late; the time begins then.
    all.at(2000s, {{.group = "index", .offset = 20, .counts = {}}}, 21);
    all.at(2100s, {{.group = "index", .offset = 20, .counts = {}}}, 21);
    CHECK(all.groups.count() == 0);
    all.at(2500s, {{.group = "index", .offset = 20, .counts = {}}}, 21);
    CHECK(all.groups.count() == 1);
    all.at(2501s, {}, 21);
    CHECK(all.groups.count() == 0);
    CHECK(all.groups.hint().empty());
}
