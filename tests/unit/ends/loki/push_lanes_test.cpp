#include "push_lanes.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::loki;
using namespace std::chrono_literals;

namespace {

constexpr auto start = steady_time{} + 1h;

/// A line's stream is its tag.
struct traffic {
    explicit traffic(std::size_t request_bytes_max = 1000) : lanes{request_bytes_max, stream} {}

    static std::string const& stream(push_lanes::line const& one) { return one.in->events.tags[one.row->tag]; }
    void add(std::vector<std::pair<std::string, std::string>> const& lines, steady_time now = start) {
        batch events;
        for (auto const& [tag, text] : lines) events.append(events.tag_index(tag), {}, 1, text);
        lanes.add(std::move(events), 1, now);
    }
    /// The texts of the next request, in its lane.
    std::vector<std::string> next(steady_time now = start) {
        lane = lanes.next_due(now);
        if (lane == nullptr) return {};
        std::vector<std::string> out;
        for (auto const& one : lanes.next_request(*lane)) out.emplace_back(one.in->events.record(*one.row));
        return out;
    }

    push_lanes lanes;
    push_lanes::lane* lane = nullptr;
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("all streams go together, and a batch is finished with its last line", "[push_lanes]") {
    traffic to{6};
    CHECK_FALSE(to.lanes.due());
    to.add({{"a", "one"}, {"b", "two"}, {"a", "three"}});
    CHECK(to.lanes.due() == start);
    REQUIRE(to.next() == texts{"one", "two"});
    to.lanes.taken(*to.lane, 2, start);
    CHECK(to.lanes.finished().empty());
    REQUIRE(to.next() == texts{"three"});
    to.lanes.taken(*to.lane, 1, start);
    CHECK(to.lanes.finished().size() == 1);
    CHECK_FALSE(to.lanes.due());
    to.lanes.add({}, 1, start);
    CHECK(to.lanes.finished().size() == 1);
}

TEST_CASE("a stream that is throttled waits by itself, in order, and the others go on", "[push_lanes]") {
    traffic to;
    to.add({{"loud", "1"}, {"well", "2"}, {"loud", "3"}});
    REQUIRE(to.next() == texts{"1", "2", "3"});
    CHECK(to.lanes.isolate(*to.lane, 3, start) == nullptr);
    REQUIRE(to.next() == texts{"1", "3"});
    to.lanes.throttle(*to.lane, 2, "429", start);
    REQUIRE(to.next() == texts{"2"});
    to.lanes.taken(*to.lane, 1, start);
    to.add({{"loud", "4"}, {"well", "5"}});
    REQUIRE(to.next() == texts{"5"});
    to.lanes.taken(*to.lane, 1, start);
    CHECK(to.lanes.finished().empty());  // each batch has a line of the one that waits
    CHECK(to.next().empty());
    auto const throttled = to.lanes.throttled();
    CHECK(throttled.streams == 1);
    CHECK(throttled.lines == 3);
    CHECK(throttled.first == "loud: 429");
    CHECK(to.lanes.due() > start);

    auto const later = start + 1s;
    REQUIRE(to.next(later) == texts{"1"});  // fewer at once
    to.lanes.taken(*to.lane, 1, later);
    CHECK(to.lanes.throttled().streams == 0);
    REQUIRE(to.next(later) == texts{"3", "4"});
    to.lanes.taken(*to.lane, 2, later);
    CHECK(to.lanes.finished().size() == 2);
    // It is as the others.
    to.add({{"loud", "6"}, {"well", "7"}}, later);
    CHECK(to.next(later) == texts{"6", "7"});
}

TEST_CASE("a stream that goes alone takes its later lines with it, which were not in the request", "[push_lanes]") {
    traffic to{2};
    to.add({{"loud", "1"}, {"well", "2"}, {"loud", "3"}, {"other", "4"}});
    REQUIRE(to.next() == texts{"1", "2"});
    CHECK(to.lanes.isolate(*to.lane, 2, start) == nullptr);
    std::vector<texts> requests;
    for (auto one = to.next(); !one.empty(); one = to.next()) {
        requests.push_back(one);
        if (one.front() == "1") {
            to.lanes.throttle(*to.lane, one.size(), "429", start);
        } else {
            to.lanes.taken(*to.lane, one.size(), start);
        }
    }
    CHECK_THAT(requests, Catch::UnorderedEquals(std::vector<texts>{{"1", "3"}, {"2"}, {"4"}}));
    CHECK(to.next(start + 1s) == texts{"1"});
    CHECK(to.lanes.throttled().lines == 2);
}

TEST_CASE("a single stream needs no second response to be known", "[push_lanes]") {
    traffic to;
    to.add({{"a", "1"}, {"a", "2"}});
    REQUIRE(to.next().size() == 2);
    auto* const own = to.lanes.isolate(*to.lane, 2, start);
    REQUIRE(own != nullptr);
    CHECK(own->stream == "a");
    CHECK(to.lanes.isolate(*own, 2, start) == own);
}

TEST_CASE("a stream of which lines were rejected goes alone for a minute", "[push_lanes]") {
    traffic to;
    to.add({{"old", "1"}});
    REQUIRE(to.next() == texts{"1"});
    auto* const own = to.lanes.isolate(*to.lane, 1, start);
    REQUIRE(own != nullptr);
    to.lanes.rejected(*own, 1, start);
    CHECK(to.lanes.finished().size() == 1);
    to.add({{"old", "2"}, {"well", "3"}}, start + 30s);
    CHECK(to.next(start + 30s).size() == 1);
    to.lanes.taken(*to.lane, 1, start + 30s);
    CHECK(to.next(start + 30s).size() == 1);
    to.lanes.taken(*to.lane, 1, start + 30s);
    to.add({{"old", "4"}, {"well", "5"}}, start + push_lanes::isolation_time);
    CHECK(to.next(start + 2min) == texts{"4", "5"});
}

TEST_CASE("too many lines at once become fewer, down to one, which never fits", "[push_lanes]") {
    traffic to;
    to.add({{"a", "1"}, {"b", "2"}, {"c", "3"}});
    REQUIRE(to.next() == texts{"1", "2", "3"});
    CHECK(to.lanes.too_large(*to.lane, 3, start));
    REQUIRE(to.next() == texts{"1"});
    CHECK_FALSE(to.lanes.too_large(*to.lane, 1, start));
    REQUIRE(to.next() == texts{"2"});
    to.lanes.taken(*to.lane, 1, start);
    CHECK(to.next() == texts{"3"});
}
