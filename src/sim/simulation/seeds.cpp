#include "simulation/seeds.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>

namespace logpipe::sim {

namespace {

using clock = std::chrono::steady_clock;

// For a signal's handler.
std::array<char, 32> seed_text{};
std::size_t seed_bytes = 0;

void name_seed(std::uint64_t seed) {
    auto* const end = std::to_chars(seed_text.data(), seed_text.data() + seed_text.size() - 1, seed).ptr;
    *end = '\n';
    seed_bytes = static_cast<std::size_t>(end - seed_text.data()) + 1;
}

void say_seed(int /*signal*/) {
    constexpr std::string_view words{"an assertion failed with seed "};
    [[maybe_unused]] auto const said = ::write(STDERR_FILENO, words.data(), words.size());
    [[maybe_unused]] auto const named = ::write(STDERR_FILENO, seed_text.data(), seed_bytes);
}

void print_story(seed_range const& which, history_options const& options, fault_list const& faults, outcome broken) {
    fmt::print("seed {}: {}: {}\nAgain: {} {}\n", options.seed, name_of(broken.broken), broken.words, which.repeat,
               options.seed);
    std::fflush(stdout);  // to shorten it takes as long as some hundred histories
    auto const story = shortened(options, faults, std::move(broken));
    fmt::print("The story, shortened in {} runs from {} faults to {}:\n", story.runs, faults.size(), story.end.faults);
    for (auto const& line : story.end.story) fmt::print("  {}\n", line);
    fmt::print("  {}\n", story.end.words);
    std::fflush(stdout);
}

}  // namespace

seeds_report run_seeds(seed_range const& which, std::function<bool(seeds_report const&)> const& stops) {
    constexpr std::chrono::seconds report_interval{5};
    auto const before = std::signal(SIGABRT, say_seed);
    auto const begun_at = clock::now();
    auto next_report = begun_at + report_interval;
    seeds_report report;
    for (std::uint64_t i = 0; i < which.count && !stops(report); ++i) {
        history_options const options{.seed = which.first + i, .length = which.length};
        name_seed(options.seed);
        auto const faults = faults_of(options);
        auto end = run_history(options, faults);
        ++report.histories;
        report.events += end.events;
        report.faults += end.faults;
        report.time = clock::now() - begun_at;
        if (end.broken != invariant::none) {
            ++report.failed;
            print_story(which, options, faults, std::move(end));
        }
        if (clock::now() < next_report) continue;
        next_report = clock::now() + report_interval;
        fmt::print(stderr, "{}", to_text(report));
    }
    report.time = clock::now() - begun_at;
    std::signal(SIGABRT, before);
    return report;
}

std::string to_text(seeds_report const& report) {
    auto const minutes = std::max(report.time.count(), 0.001) / 60;
    return fmt::format("simulate: {} histories, {} of them failed; {} events, {} faults; {:.0f} seeds a minute\n",
                       report.histories, report.failed, report.events, report.faults,
                       static_cast<double>(report.histories) / minutes);
}

}  // namespace logpipe::sim
