// How every component is, in one table.
#include "core/log.hpp"
#include "output.hpp"
#include "probes.hpp"
#include "signals.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <cstdio>

namespace logpipe::cli {

namespace {

/// Exit statuses as an operator's script reads them.
int exit_status_of(status::status_report const& report) {
    switch (status::state_of(report)) {
        case status::component_state::up:
            return exit_done;
        case status::component_state::down:
            return exit_failed;
        case status::component_state::unknown:
            return exit_usage;
    }
    return exit_usage;
}

int show(settings const& options, web::peer_access const& access, bool terminal) {
    auto const report = probe_all(options, access);
    if (options.on("json")) {
        static_cast<void>(write_data(to_json(report)));
    } else if (!report.components.empty()) {
        fmt::print("{}", status::to_table(report, terminal ? status::table_colour::on : status::table_colour::off));
    }
    std::fflush(stdout);
    if (report.components.empty())
        log_error(
            "status: no logpipe process answers at its default address; name one by --at HOST:PORT, as given to its "
            "--admin, or other components by --brokers, --opensearch, --dashboards, --loki, --grafana");
    return exit_status_of(report);
}

}  // namespace

int run_status(settings const& options, argument_list const& /*rest*/) {
    if (options.on("self")) {
        auto const alive = probe_self(options);
        if (!alive) log_error("status: {}", alive.error().message);
        return alive ? exit_done : exit_failed;
    }
    if (options.is_meant("admin")) {
        log_error("status: --admin names the process for --self; name one to look at by --at {}",
                  options.text("admin"));
        return exit_usage;
    }
    auto const access = peer_access_of(options);
    if (!access) return report_failure(options, access.error());
    bool const terminal = isatty(STDOUT_FILENO) == 1 && !options.on("json");
    if (!options.on("watch")) return show(options, *access, terminal);
    int status = exit_done;
    do {
        if (terminal) fmt::print("\x1b[H\x1b[2J");
        status = show(options, *access, terminal);
        if (!terminal && !options.on("json")) fmt::print("\n");
        // The reader may be gone: a terminal that was closed, a full disk.
    } while (std::fflush(stdout) == 0 && !signal_came(options.duration("interval")));
    return status;
}

}  // namespace logpipe::cli
