#include "embedded.hpp"

#include "broker_end.hpp"
#include "core/log.hpp"
#include "page.hpp"
#include "signals.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

/// The page of a process that runs the pipeline itself; none where it is not wanted, or where the default address is
/// taken.
result<std::unique_ptr<web::web_server>> start_page(process const& whole, web::web_options web,
                                                    std::string const& store) {
    auto const& options = whole.options();
    web.snapshot = [&whole] { return whole.snapshot(); };
    web.tap = [&whole](std::string const& stage, std::uint64_t sample) { return whole.open_tap(stage, sample); };
    web.page->watch = [&whole] {
        return std::vector<web::watched_process>{{.address = {}, .now = whole.snapshot(), .reason = {}}};
    };
    web.page->open_logs = logs_of(store, web.page->documents);
    auto server = web::start_web_server(std::move(web));
    auto const& listen = options.text("page");
    if (server) {
        log_info("run: the page is at {}://{}", options.text("page-certificate").empty() ? "http" : "https", listen);
    } else if (server.error().code == errc::busy && options.is_default("page")) {
        // The pipeline is worth more than its page; an operator who named the address wants it there.
        log_warn("run: no page: {}; --page names another address", server.error().message);
        return std::unique_ptr<web::web_server>{};
    }
    return server ? std::move(server) : in_context("--page", server.error());
}

/// What came into the journal beside the first hop, added to the ledger.
void add_beside(process_snapshot& now, produce_runs const& runs, std::uint64_t retried) {
    bool const counts_journal = now.pumps.size() == 2;
    auto beside = runs.snapshot();
    auto const& counts = beside.book.counts;
    // Behind a broker, `in` is what its terms come to; else it is counted where it enters.
    now.book.counts.in +=
        counts_journal ? counts.in + retried : counts.already_there + counts.dead + beside.book.not_safe();
    now.book.counts.already_there += counts.already_there;
    now.book.counts.dead += counts.dead;
    now.book.in_flight += beside.book.in_flight;
    now.book.taken += beside.book.taken;
    if (beside.now) now.pumps.push_back(*std::move(beside.now));
}

void end_after_input(process& whole, broker_end& broker) {
    whole.ends_when([&broker](process_snapshot const& now) {
        if (!now.ready || !now.pumps.front().finished) return false;
        if (now.pumps.size() == 2) return now.book.not_safe() == 0;
        return waiting_events(now.pumps.at(1)) == 0 && broker.is_reached();
    });
}

/// Whether the first pump finished before anybody stopped the process.
void note_end_of_input(process& whole, bool& ended) {
    whole.on_tick(
        [&ended](process_snapshot const& now) { ended = ended || (now.pumps.front().finished && !now.draining); });
}

}  // namespace

embedded_parts embedded_parts_of(settings const& options) {
    auto const& folder = options.text("data-dir");
    auto const journal = fmt::format("journal:{}/nginx-logs", folder);
    auto const& broker = options.text("broker");
    auto const& store = options.text("store");
    return {.journal = journal,
            .dead_letters = journal + ".dlq",
            .broker = broker == "journal:" ? journal : broker,
            .store = store == "sqlite:" ? fmt::format("sqlite:{}/store.sqlite", folder) : store};
}

result<ended_run> run_embedded(process& whole) {
    auto const& options = whole.options();
    auto const parts = embedded_parts_of(options);
    // A produce run goes straight into the journal, where a client's chunks go as well.
    produce_runs runs{options,
                      whole.shared(),
                      {.name = "produce",
                       .from = options.text("url"),
                       .to = parts.journal,
                       .dead_letters = parts.dead_letters,
                       .source_failure_is_final = true},
                      "the journal"};
    std::atomic<std::uint64_t> retried = 0;
    broker_end broker{options, parts.broker, options.text("group")};
    if (options.on("once")) end_after_input(whole, broker);
    ended_run run;
    note_end_of_input(whole, run.input_ended);
    whole.also_snapshot([&](process_snapshot& now) { add_beside(now, runs, retried); });
    bool runs_ended = true;
    whole.before_drain([&] { runs_ended = runs.end([] { return signal_came(20ms); }); });
    std::unique_ptr<web::web_server> page;
    if (options.text("page") != "none") {
        auto web = web_options_of(options, options.text("page"));
        if (!web) return web.error();
        add_produce(*web, runs, options);
        auto const folder = options.text("data-dir") + "/nginx-logs";
        auto const journal = whole.ends().open_topic(folder);
        if (!journal) return journal.error();
        auto const letters = whole.ends().open_topic(folder + ".dlq");
        if (!letters) return letters.error();
        web->page->letters = make_run_letters(folder + ".dlq", *letters, *journal, retried);
        auto started = start_page(whole, *std::move(web), parts.store);
        if (!started) return started.error();
        page = *std::move(started);
    }
    run.status = whole.run();
    if (run.status == exit_done && !runs_ended) run.status = exit_undrained;
    return run;
}

result<ended_run> run_hops(process& whole) {
    auto const& options = whole.options();
    auto const& hops = whole.spec().hops;
    std::unique_ptr<web::web_server> page;
    if (options.text("page") != "none") {
        auto web = web_options_of(options, options.text("page"));
        if (!web) return web.error();
        auto const store = std::ranges::find_if(hops, [](auto const& each) { return each.to.starts_with("sqlite:"); });
        auto started = start_page(whole, *std::move(web), store == hops.end() ? std::string{} : store->to);
        if (!started) return started.error();
        page = *std::move(started);
    }
    // Sources that other hops feed have no end: theirs is where the others have ended, and nothing waits.
    if (options.on("once"))
        whole.ends_when([](process_snapshot const& now) {
            return std::ranges::all_of(now.pumps,
                                       [](pump_snapshot const& each) {
                                           return each.finished || (each.started && each.backlog == std::uint64_t{0} &&
                                                                    each.book.not_safe() == 0);
                                       }) &&
                   std::ranges::any_of(now.pumps, &pump_snapshot::finished);
        });
    return ended_run{.status = whole.run()};
}

}  // namespace logpipe::cli
