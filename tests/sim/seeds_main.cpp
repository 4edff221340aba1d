// The simulation without the rest of the program, which mutations.py builds again and again. It ends with the first
// seed that fails.
//
//     sim_seeds MINUTES COUNT FIRST
#include "core/log.hpp"
#include "simulation/seeds.hpp"

#include <fmt/format.h>

#include <cstdlib>

int main(int count, char** arguments) {
    if (count != 4) return 2;
    auto const number = [&](int which) { return std::strtoull(arguments[which], nullptr, 10); };
    logpipe::set_up_log({.level = logpipe::log_level::off});
    auto const report = logpipe::sim::run_seeds({.first = number(3),
                                                 .count = number(2),
                                                 .length = std::chrono::minutes{number(1)},
                                                 .repeat = fmt::format("sim_seeds {} 1", number(1))},
                                                [](auto const& now) { return now.failed > 0; });
    fmt::print("{}", to_text(report));
    return report.failed == 0 ? 0 : 1;
}
