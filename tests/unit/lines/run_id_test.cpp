#include "lines/lines.hpp"

#include "core/clock.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::lines;

TEST_CASE("a run id tells its start and differs each time", "[run_id]") {
    auto const before = now_ns();
    auto const id = make_run_id();
    REQUIRE(id.size() == 29);
    REQUIRE(make_run_id() != id);
    auto const time = run_time_ns(id);
    REQUIRE(time % 1'000'000'000 == 0);
    REQUIRE(time > before - 1'000'000'001);
    REQUIRE(time <= now_ns());
}

TEST_CASE("the time of a run id is read back", "[run_id]") {
    REQUIRE(iso_time(run_time_ns("20260131T013139Z-9f0c2b7a6d31")) == "2026-01-31T01:31:39.000Z");
    REQUIRE(iso_time(run_time_ns("20240229T235959Z")) == "2024-02-29T23:59:59.000Z");
}

TEST_CASE("a run id without a time has none", "[run_id]") {
    for (auto const* id :
         {"", "nightly", "20260131T013139", "20260231T013139Z-x", "20261301T013139Z", "20260131T243139Z",
          "2026013aT013139Z", "99990131T013139Z", "19690131T013139Z", "20260131 013139Z"})
        REQUIRE(run_time_ns(id) == 0);
}
