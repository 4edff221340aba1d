#include "course.hpp"

#include <algorithm>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr auto fault_interval = 15s;  // in the mean

}  // namespace

/// A history has some kinds more often than others, and some not at all.
fault_list faults_of(history_options const& options) {
    chance by{options.seed * 0x9e37'79b9'7f4a'7c15U + 1};
    constexpr auto kinds = static_cast<std::size_t>(fault::kind::count);
    std::vector<fault::kind> drawn;
    for (std::size_t i = 0; i < kinds; ++i)
        for (auto left = by.below(4); left > 0; --left) drawn.push_back(static_cast<fault::kind>(i));
    fault_list all;
    if (drawn.empty()) return all;
    for (std::size_t left = static_cast<std::size_t>(options.length / fault_interval); left > 0; --left)
        all.push_back({.at = std::chrono::milliseconds{by.below(static_cast<std::size_t>(options.length.count()))},
                       .what = drawn[by.below(drawn.size())],
                       .chance = by.numbers()()});
    std::ranges::stable_sort(all, {}, &fault::at);
    return all;
}

namespace {

fault_list without(fault_list const& all, std::size_t begin, std::size_t end) {
    fault_list some;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (i < begin || i >= end) some.push_back(all[i]);
    return some;
}

}  // namespace

/// Halves of them, then quarters, …, then one at a time, until none can be left out.
short_story shortened(history_options const& options, fault_list faults, outcome broken) {
    short_story best{.end = std::move(broken)};
    auto part = std::max<std::size_t>(faults.size() / 2, 1);
    while (!faults.empty()) {
        bool is_shorter = false;
        for (std::size_t begin = 0; begin < faults.size();) {
            auto fewer = without(faults, begin, begin + part);
            auto end = run_history(options, fewer);
            ++best.runs;
            if (end.broken == best.end.broken) {
                faults = std::move(fewer);
                best.end = std::move(end);
                is_shorter = true;
            } else {
                begin += part;
            }
        }
        if (part == 1 && !is_shorter) break;
        part = std::max<std::size_t>(part / 2, 1);
    }
    return best;
}

}  // namespace logpipe::sim
