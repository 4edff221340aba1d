// `consume` and `index`: the same pump, with the transform and without it.
#include "logpipe/normalize.hpp"
#include "stage_options.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe {

namespace {

/// --once: everything that the journal held when it was opened has been read.
bool has_read_all(pump_snapshot const& now, double& end) {
    auto const& from = now.stages.front();
    if (end < 0) end = gauge_of(from, "journal_synced_offset");
    return gauge_of(from, "journal_read_offset") >= end;
}

std::string dead_letters_uri(settings const& options) {
    if (auto const& uri = options.text("dead-letters"); !uri.empty()) return uri;
    if (auto const& from = options.text("from"); from.starts_with("journal:"))
        return fmt::format("{}.{}.dlq", from, options.subcommand());
    return "file:logpipe-dead-letters.jsonl";
}

int move(settings const& options, std::unique_ptr<transform> change) {
    endpoints ends{options};
    auto from = ends.make_source(options.text("from"));
    if (!from) return report_failure(options, from.error());
    auto to = ends.make_sink(options.text("to"));
    if (!to) return report_failure(options, to.error());
    auto letters = ends.make_sink(dead_letters_uri(options));
    if (!letters) return report_failure(options, letters.error());
    auto const dead = make_dead_letters(*std::move(letters));

    process whole{options};
    whole.output_is_data(writes_to_standard_output(options.text("to")));
    whole.add(
        make_pump({.from = *std::move(from), .change = std::move(change), .to = *std::move(to), .dead = dead.get()},
                  {.name = options.subcommand()}));
    if (options.on("once") && options.text("from").starts_with("journal:"))
        whole.ends_when([end = -1.0](process_snapshot const& now) mutable {
            return now.ready && has_read_all(now.pumps.front(), end);
        });
    return whole.run();
}

}  // namespace

int run_consume(settings const& options, argument_list const& /*rest*/) {
    return move(options, make_normalize(normalize_options_of(options)));
}

int run_index(settings const& options, argument_list const& /*rest*/) {
    return move(options, nullptr);
}

}  // namespace logpipe
