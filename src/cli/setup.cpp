// Prepares what logpipe writes to: OpenSearch's index template.
#include "operator_ends.hpp"
#include "subcommands.hpp"
#include "targets.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

int run_setup(settings const& options, argument_list const& rest) {
    if (rest != argument_list{"opensearch"})
        return report_failure(options, {errc::invalid_argument, "say what to set up: setup opensearch"});
    auto const uri = parse_uri(options.text("to"));
    if (!uri) return report_failure(options, uri.error());
    operator_ends ends{options};
    auto const where = ends.opensearch(*uri);
    if (!where) return report_failure(options, where.error());
    auto settings = index_settings_of(options, *uri);
    if (!settings) return report_failure(options, settings.error());
    auto const done = where->cluster.set_up(where->index, {.settings = *std::move(settings),
                                                           .dry_run = options.on("dry-run"),
                                                           .diff = options.on("diff"),
                                                           .ecs_names = options.on("ecs")});
    if (!done) return report_failure(options, done.error());
    for (auto const& line : done->lines) fmt::print("{}\n", line);
    return done->left_to_others || done->would_change ? exit_failed : exit_done;
}

}  // namespace logpipe::cli
