#include "logpipe/latency.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("a time falls into the bucket whose bound it does not exceed", "[latency]") {
    latency_histogram times;
    times.add(0.001, 2);
    times.add(0.0011, 3);
    times.add(1e6, 5);
    times.add(-4.0, 7);
    CHECK(times.counts.front() == 9);
    CHECK(times.counts[1] == 3);
    CHECK(times.counts.back() == 5);
    CHECK(times.count() == 17);
    CHECK(times.sum_seconds > 5e6);
}

TEST_CASE("a quantile lies within its bucket, as evenly as histogram_quantile has it", "[latency]") {
    latency_histogram times;
    CHECK(times.quantile(0.5) == 0.0);
    times.add(0.2, 100);  // 0.1 to 0.25
    CHECK(times.quantile(0.5) > 0.174);
    CHECK(times.quantile(0.5) < 0.176);
    CHECK(times.quantile(1.0) == 0.25);
    times.add(7.0, 100);  // 5 to 10
    CHECK(times.quantile(0.5) == 0.25);
    CHECK(times.quantile(0.75) == 7.5);
    times.add(1e6, 1000);
    CHECK(times.quantile(0.99) == latency_histogram::bounds_seconds.back());
}

TEST_CASE("what came since an earlier look is told alone, and all of it where the counting began anew", "[latency]") {
    latency_histogram before;
    before.add(0.2, 100);
    auto now = before;
    now.add(7.0, 10);
    CHECK(now.since(before).count() == 10);
    CHECK(now.since(before).quantile(0.5) == 7.5);
    latency_histogram anew;
    anew.add(0.2, 1);
    CHECK(anew.since(before) == anew);
}
