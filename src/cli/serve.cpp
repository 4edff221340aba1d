// The web app: /produceEventsToPipeline, and the page of a pipeline whose parts are other processes.
#include "core/clock.hpp"
#include "core/log.hpp"
#include "page.hpp"
#include "process.hpp"
#include "signals.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <array>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

process_snapshot snapshot_of(produce_runs const& runs, std::int64_t started_ns) {
    auto out = snapshot_without_pumps("serve", started_ns);
    auto figures = runs.snapshot();
    out.draining = figures.stopping;
    out.book = figures.book;
    if (figures.now) out.pumps.push_back(*std::move(figures.now));
    out.ready = !out.draining && all_up(out);
    return out;
}

/// Admin addresses of those that make a pipeline of parts.
constexpr std::array part_addresses{"127.0.0.1:24230", "127.0.0.1:24231", "127.0.0.1:24232", "127.0.0.1:24233"};

peer_watch peers_of(settings const& options) {
    auto addresses = options.list("at");
    bool const named = !addresses.empty();
    if (!named) addresses.assign(part_addresses.begin(), part_addresses.end());
    return peer_watch{std::move(addresses),
                      named,
                      options.duration("timeout"),
                      {.token = {},  // that of --auth-token-file is its own
                       .ca_file = options.text("ca-file"),
                       .insecure_skip_verify = options.on("insecure-skip-verify")}};
}

}  // namespace

int run_serve(settings const& options, argument_list const& /*rest*/) {
    auto const from = source_uri_of(options, {});
    if (!from) return report_failure(options, from.error());
    shared_resources shared;
    produce_runs runs{options, shared, hop_of_produce(options, *from), options.text("to")};
    if (auto good = runs.check(); !good) return report_failure(options, good.error());
    auto const started_ns = now_ns();
    auto others = peers_of(options);
    auto web = web_options_of(options, options.text("listen"));
    if (!web) return report_failure(options, web.error());
    add_produce(*web, runs, options);
    web->snapshot = [&runs, started_ns] { return snapshot_of(runs, started_ns); };
    web->page->watch = [&] {
        auto all = others.snapshots();
        all.insert(all.begin(), {.address = {}, .now = snapshot_of(runs, started_ns), .reason = {}});
        return all;
    };
    web->page->open_logs = logs_of(options.text("show-store"), web->page->documents);
    auto server = web::start_web_server(*std::move(web));
    if (!server) return report_failure(options, server.error());
    log_info("serve: {}://{} answers; /produceEventsToPipeline sends {} to {}",
             options.text("page-certificate").empty() ? "http" : "https", options.text("listen"), without_login(*from),
             options.text("to"));
    while (!signal_came(1000ms)) {
    }
    return runs.end([] { return signal_came(50ms); }) ? exit_done : exit_undrained;
}

}  // namespace logpipe::cli
