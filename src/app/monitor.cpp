// The live view of what `status` shows.
#include "logpipe/tui.hpp"

#include "probes.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

namespace logpipe {

int run_monitor(settings const& options, argument_list const& /*rest*/) {
    auto const token = options.secret("auth-token-file");
    if (!token) return report_failure(options, token.error());
    auto const ran = run_monitor({.interval = options.duration("interval"), .plain = options.on("plain")},
                                 [&] { return look_at_all(options, *token); });
    return ran ? exit_done : report_failure(options, ran.error());
}

}  // namespace logpipe
