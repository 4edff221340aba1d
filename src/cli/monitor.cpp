// The live view of what `status` shows.
#include "tui/tui.hpp"

#include "probes.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

namespace logpipe::cli {

int run_monitor(settings const& options, argument_list const& /*rest*/) {
    auto const access = peer_access_of(options);
    if (!access) return report_failure(options, access.error());
    auto const ran = tui::run_monitor({.interval = options.duration("interval"), .plain = options.on("plain")},
                                      [&] { return probe_all(options, *access); });
    return ran ? exit_done : report_failure(options, ran.error());
}

}  // namespace logpipe::cli
