// Where one event is, or a few, on all hops.
#include "audit/trace.hpp"
#include "operator_ends.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <cstdio>

namespace logpipe::cli {

namespace {

constexpr int exit_not_found = 3;

result<audit::trace_report> trace(settings const& options, std::string const& what) {
    operator_ends ends{options};
    auto const places = ends.audited();
    if (!places) return places.error();
    bool const terminal = isatty(STDERR_FILENO) == 1;
    audit::trace_query query{.id = event_id::parse(what).value_or(event_id{}),
                             .text = what,
                             .events_max = options.count("count"),
                             .progress = nullptr};
    if (terminal)
        query.progress = [](std::string_view endpoint, std::uint64_t events) {
            fmt::print(stderr, "\r{}: {} events read\x1b[K", endpoint, events);
            std::fflush(stderr);
        };
    auto report = audit::trace(*places, query);
    if (terminal) fmt::print(stderr, "\r\x1b[K");
    return report;
}

}  // namespace

int run_trace(settings const& options, argument_list const& rest) {
    if (rest.size() != 1 || rest.front().empty())
        return report_failure(options, {errc::invalid_argument, "say which event: its id, or a part of its line"});
    if (options.count("count") == 0)
        return report_failure(options, {errc::invalid_argument, "--count 0: at least one event is traced"});
    auto const report = trace(options, rest.front());
    if (!report) return report_failure(options, report.error());
    if (!write_data(options.on("json") ? to_json(*report) + '\n' : to_text(*report)))
        return report_failure(options, {errc::storage_failed, "standard output cannot be written"});
    if (report->events.empty()) return exit_not_found;
    return audit::all_at_their_end(*report) ? exit_done : exit_failed;
}

}  // namespace logpipe::cli
