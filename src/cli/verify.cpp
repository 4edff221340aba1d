// Is every event of the inputs in the store or among the dead letters?
#include "audit/audit.hpp"
#include "operator_ends.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

result<audit::audit_report> verify(settings const& options) {
    operator_ends ends{options};
    auto const places = ends.audited();
    if (!places) return places.error();
    audit::audit_options const how{.memory_bytes = options.bytes("memory"),
                                   .named_max = options.count("newest"),
                                   .accept_expired = options.on("accept-expired")};
    return options.on("ids") ? audit::audit_by_ids(*places, how) : audit::audit_by_counts(*places, how);
}

}  // namespace

int run_verify(settings const& options, argument_list const& /*rest*/) {
    auto const report = verify(options);
    if (!report) return report_failure(options, report.error());
    if (!write_data(options.on("json") ? to_json(*report) + '\n' : to_text(*report)))
        return report_failure(options, {errc::storage_failed, "standard output cannot be written"});
    return audit::all_accounted_for(*report) ? exit_done : exit_failed;
}

}  // namespace logpipe::cli
