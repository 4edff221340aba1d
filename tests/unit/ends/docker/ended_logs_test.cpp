#include "ended_logs.hpp"

#include "support/catch.hpp"
#include "support/looking.hpp"

using namespace logpipe;
using namespace logpipe::docker;
using namespace std::chrono_literals;

namespace {

stage_status at(ended_logs const& logs, steady_time now) {
    stage_status out;
    logs.describe(out, now);
    return out;
}

}  // namespace

TEST_CASE("a log that ends three times in a row is degraded until it has stayed open", "[ended_logs]") {
    ended_logs logs;
    auto const start = steady_time{} + 1h;
    CHECK(logs.ended("ab", "web", "cut off", start, start + 1s) == 1);
    CHECK(logs.ended("ab", "web", "cut off", start + 2s, start + 3s) == 2);
    CHECK(at(logs, start + 3s).reason.empty());
    CHECK(logs.ended("ab", "web", "closed", start + 4s, start + 5s) == 3);
    CHECK(test::gauge_of(at(logs, start + 6s), "containers_degraded") == 1);
    CHECK_THAT(at(logs, start + 6s).reason, ContainsSubstring("the log of web ended 3 times in a row (closed);"));
    auto const recovery_time = start + 5s + ended_logs::recovery_time;
    CHECK(test::gauge_of(at(logs, recovery_time), "containers_degraded") == 0);
    CHECK(at(logs, recovery_time).reason.empty());
    CHECK(logs.ended("ab", "web", "closed", start + 6s, recovery_time + 1s) == 1);
}

TEST_CASE("degraded containers are counted, and one that is followed no more is not", "[ended_logs]") {
    ended_logs logs;
    steady_time const now = steady_time{} + 1h;
    for (auto const* id : {"ab", "cd", "ef"})
        for (int i = 0; i < 3; ++i) logs.ended(id, id, "closed", now, now);
    CHECK(test::gauge_of(at(logs, now), "containers_degraded") == 3);
    CHECK_THAT(at(logs, now).reason, ContainsSubstring("the log of ab") && ContainsSubstring("of 2 other containers"));
    logs.forget("ab");
    logs.forget("cd");
    CHECK_THAT(at(logs, now).reason, ContainsSubstring("the log of ef") && !ContainsSubstring("other containers"));
}
