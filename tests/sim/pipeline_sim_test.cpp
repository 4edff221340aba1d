// Whole pipelines in virtual time (src/sim): what `logpipe simulate` runs. A seed that fails prints its story,
// shortened; `sim_seeds 2 1 SEED` runs that one alone.
#include "core/log.hpp"
#include "simulation/seeds.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::sim;
using namespace std::chrono_literals;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t seeds_a_case = 25;
#else
constexpr std::uint64_t seeds_a_case = 500;
#endif
constexpr auto length = 2min;

void run_case(std::uint64_t number) {
    set_up_log({.level = log_level::off});
    auto const report = run_seeds(
        {.first = 1 + number * seeds_a_case, .count = seeds_a_case, .length = length, .repeat = "sim_seeds 2 1"},
        [](auto const&) { return false; });
    CHECK(report.failed == 0);
    CHECK(report.histories == seeds_a_case);
    CHECK(report.faults > seeds_a_case);
    CHECK(report.events > 100 * seeds_a_case);
}

}  // namespace

// In four parts, which run beside each other.
TEST_CASE("a pipeline keeps its promises, whatever fails: first quarter of the seeds", "[sim]") {
    run_case(0);
}
TEST_CASE("a pipeline keeps its promises, whatever fails: second quarter of the seeds", "[sim]") {
    run_case(1);
}
TEST_CASE("a pipeline keeps its promises, whatever fails: third quarter of the seeds", "[sim]") {
    run_case(2);
}
TEST_CASE("a pipeline keeps its promises, whatever fails: last quarter of the seeds", "[sim]") {
    run_case(3);
}

TEST_CASE("a seed of the pipeline is the same history each time, and another one another", "[sim]") {
    set_up_log({.level = log_level::off});
    std::uint64_t before = 0;
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        history_options const options{.seed = seed, .length = length};
        auto const first = run_history(options, faults_of(options));
        auto const second = run_history(options, faults_of(options));
        CHECK(first.digest == second.digest);
        CHECK(first.story == second.story);
        CHECK(first.digest != before);
        before = first.digest;
    }
}

TEST_CASE("a wrong store is found, and the story is what it takes to find it again", "[sim]") {
    set_up_log({.level = log_level::off});
    std::size_t found = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        history_options const options{.seed = seed, .length = 4min, .has_wrong_store = true};
        auto const faults = faults_of(options);
        auto const slow = std::ranges::count(faults, fault::kind::slow_store, &fault::what);
        auto const end = run_history(options, faults);
        if (slow == 0) CHECK(end.broken == invariant::none);
        if (end.broken == invariant::none) continue;
        ++found;
        CHECK(end.broken == invariant::stored);
        auto const story = shortened(options, faults, end).end;
        CHECK(story.broken == invariant::stored);
        CHECK(story.faults == 1);
        CHECK(std::ranges::any_of(story.story, [](auto const& line) { return line.contains("the store is slow"); }));
        if (found == 3) break;
    }
    CHECK(found == 3);
}
