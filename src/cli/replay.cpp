// Moves a group's position in a topic of Kafka; what comes again meets its ids.
#include "audit/audit.hpp"
#include "operator_ends.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

void print(std::vector<audit::group_move> const& moves) {
    std::int64_t again = 0;
    std::int64_t left_out = 0;
    fmt::print("{:>9} {:>14} {:>14} {:>14}\n", "partition", "from", "to", "events");
    for (auto const& each : moves) {
        fmt::print("{:>9} {:>14} {:>14} {:>14}\n", each.partition,
                   each.from < 0 ? std::string{"none"} : fmt::format("{}", each.from), each.to, each.events);
        (each.events > 0 ? again : left_out) += each.events;
    }
    if (again > 0) fmt::print("{} events come again\n", again);
    if (left_out < 0) fmt::print("{} events are left out\n", -left_out);
}

result<> move_group(settings const& options) {
    auto const& group = options.text("group");
    auto const& to = options.text("to");
    if (group.empty()) return error{errc::invalid_argument, "say whose position: --group NAME"};
    if (to.empty()) return error{errc::invalid_argument, "say where to: --to beginning|end|TIME|PARTITION:OFFSET"};
    auto const uri = parse_uri(options.text("from"));
    if (!uri) return uri.error();
    operator_ends ends{options};
    auto const where = ends.kafka(*uri);
    if (!where) return where.error();
    auto const moves = audit::plan_replay(where->cluster, where->topic, group, to);
    if (!moves) return moves.error();
    if (!options.on("dry-run"))
        if (auto moved = audit::replay(where->cluster, where->topic, group, *moves); !moved) return moved;
    print(*moves);
    fmt::print("{}\n", options.on("dry-run") ? "dry run: nothing was moved" : "moved");
    return {};
}

}  // namespace

int run_replay(settings const& options, argument_list const& /*rest*/) {
    if (auto moved = move_group(options); !moved) return report_failure(options, moved.error());
    return exit_done;
}

}  // namespace logpipe::cli
