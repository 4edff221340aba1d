#include "net/host_list.hpp"

#include "support/catch.hpp"
#include "support/looking.hpp"

#include <set>

using namespace logpipe;
using namespace logpipe::test;
using namespace std::chrono_literals;
using net::host_list;

namespace {

constexpr backoff_options waits{.first = 1s, .longest = 60s};
steady_time const begin{1h};

host_list three(std::size_t first = 0) {
    return host_list{"sink", {"a:1", "b:1", "c:1"}, first, waits};
}

std::vector<std::size_t> turns(host_list& of, std::size_t count, steady_time now) {
    std::vector<std::size_t> got;
    for (std::size_t i = 0; i < count; ++i) {
        got.push_back(of.next(now));
        of.responded(got.back(), now);
    }
    return got;
}

stage_status status_of(host_list const& hosts) {
    stage_status now;
    hosts.describe(now);
    return now;
}

}  // namespace

TEST_CASE("hosts that are up take turns, from the one that is named", "[host_list]") {
    auto hosts = three();
    CHECK(turns(hosts, 6, begin) == std::vector<std::size_t>{0, 1, 2, 0, 1, 2});
    auto shifted = three(7);
    CHECK(turns(shifted, 3, begin) == std::vector<std::size_t>{1, 2, 0});
}

TEST_CASE("a host that failed is left out, and tried by one caller once its wait is over", "[host_list]") {
    auto hosts = three();
    CHECK(hosts.failed(1, "b:1: reset", begin));
    CHECK(turns(hosts, 4, begin) == std::vector<std::size_t>{0, 2, 0, 2});
    auto const later = begin + 1s;
    CHECK(hosts.next(later) == 1);
    CHECK(turns(hosts, 4, later) == std::vector<std::size_t>{0, 2, 0, 2});
    hosts.responded(1, later);
    auto const all = turns(hosts, 3, later);
    CHECK(std::set<std::size_t>(all.begin(), all.end()).size() == 3);
}

TEST_CASE("a host that stays down is tried after waits that double up to the longest", "[host_list]") {
    auto hosts = three();
    CHECK(hosts.failed(0, "a:1: reset", begin));
    auto now = begin;
    std::vector<std::chrono::seconds> tries;
    for (auto last = begin; tries.size() < 10; now += 1s) {
        if (hosts.next(now) != 0) continue;
        CHECK(hosts.failed(0, "a:1: reset", now));
        tries.push_back(std::chrono::duration_cast<std::chrono::seconds>(now - last));
        last = now;
    }
    CHECK(tries.front() <= 2s);
    CHECK(tries.back() >= 30s);
    CHECK(tries.back() <= 61s);
}

TEST_CASE("what was in flight to a host when it failed does not lengthen its wait", "[host_list]") {
    auto hosts = three();
    for (int i = 0; i < 8; ++i) CHECK(hosts.failed(0, "a:1: reset", begin));
    CHECK(hosts.next(begin + 1s) == 0);
}

TEST_CASE("where all are down, the one whose wait ends first is next", "[host_list]") {
    auto hosts = three();
    CHECK(hosts.failed(2, "c:1: reset", begin));
    CHECK(hosts.failed(0, "a:1: reset", begin + 10s));
    CHECK_FALSE(hosts.failed(1, "b:1: reset", begin + 20s));
    auto const now = begin + 20s;
    CHECK(hosts.next(now) == 2);
    CHECK(hosts.next(now) == 0);
    CHECK(hosts.next(now) == 1);
    CHECK(hosts.next(now) < 3);  // all are being tried
    CHECK_FALSE(hosts.failed(2, "c:1: reset", now));
    hosts.responded(0, now);
    CHECK(turns(hosts, 2, now) == std::vector<std::size_t>{0, 0});
}

TEST_CASE("a single host is always next", "[host_list]") {
    host_list one{"sink", {"a:1"}};
    CHECK(one.next(begin) == 0);
    CHECK_FALSE(one.failed(0, "a:1: reset", begin));
    CHECK(one.next(begin) == 0);
    CHECK(one.next(begin) == 0);
}

TEST_CASE("how many hosts are up and down is shown, and which one a stage does without", "[host_list]") {
    auto hosts = three();
    CHECK(gauge_of(status_of(hosts), "hosts_up") == 3);
    CHECK(status_of(hosts).reason.empty());
    CHECK(hosts.failed(1, "b:1: cannot connect", begin));
    auto const now = status_of(hosts);
    CHECK(gauge_of(now, "hosts_up") == 2);
    CHECK(gauge_of(now, "hosts_down") == 1);
    CHECK(now.reason == "1 of 3 hosts down, the others are used: b:1: cannot connect");
    stage_status down{.up = false, .reason = "down"};
    hosts.describe(down);
    CHECK(down.reason == "down");
}
