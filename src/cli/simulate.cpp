// Whole pipelines in virtual time, with faults at any moment: what must hold whatever happens is checked.
#include "core/log.hpp"
#include "signals.hpp"
#include "simulation/seeds.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <random>

namespace logpipe::cli {

int run_simulate(settings const& options, argument_list const& /*rest*/) {
    auto const hours = options.count("hours");
    for (auto const name : {"hours", "seeds"})
        if (options.count(name) == 0)
            return report_failure(options, {errc::invalid_argument, fmt::format("--{}: expected at least 1", name)});
    // What the simulated processes log would be of no use among each other.
    set_up_log({.level = log_level::off});
    auto const report =
        sim::run_seeds({.first = options.count("seed") != 0 ? options.count("seed") : std::random_device{}(),
                        .count = options.count("seeds"),
                        .length = std::chrono::hours{hours},
                        .repeat = fmt::format("logpipe simulate --hours {} --seeds 1 --seed", hours)},
                       [](auto const&) { return signal_came(std::chrono::milliseconds{0}); });
    fmt::print("{}", to_text(report));
    return report.failed == 0 ? exit_done : exit_failed;
}

}  // namespace logpipe::cli
