#include "embedded.hpp"

#include "core/log.hpp"
#include "page.hpp"
#include "signals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace logpipe::cli {

using namespace std::chrono_literals;

embedded_pipeline::embedded_pipeline(settings const& options, pipeline_spec const& spec, shared_resources& shared)
    : options_{options},
      has_broker_{spec.hops.back().from != spec.hops.front().to},
      // A produce run goes straight into the journal, where a client's chunks go as well.
      runs_{options,
            shared,
            {.name = "produce",
             .from = options.text("url"),
             .to = spec.hops.front().to,
             .dead_letters = spec.hops.front().dead_letters,
             .source_failure_is_final = true},
            "the journal"},
      broker_{options, spec.hops.back().from, options.text("group")} {}

void embedded_pipeline::attach_to(process& whole) {
    whole.also_snapshot([this](process_snapshot& now) { add_to(now); });
    whole.before_drain([this] { runs_ended_ = runs_.end([] { return signal_came(20ms); }); });
    auto const sources = std::max<std::size_t>(options_.list("from").size(), 1);
    auto const have_ended = [sources](process_snapshot const& now) {
        return std::ranges::all_of(std::span{now.pumps}.first(sources), &pump_snapshot::finished);
    };
    whole.on_tick([this, have_ended](process_snapshot const& now) {
        input_ended_ = input_ended_ || (have_ended(now) && !now.draining);
    });
    if (!options_.on("once")) return;
    whole.ends_when([this, have_ended, sources, hops = whole.spec().hops.size()](process_snapshot const& now) {
        if (!now.ready || !have_ended(now)) return false;
        if (hops == sources + 1) return now.book.not_safe() == 0;
        return waiting_events(now.pumps.at(sources)) == 0 && broker_.is_reached();
    });
}

/// What came into the journal beside the first hop, added to the ledger.
void embedded_pipeline::add_to(process_snapshot& now) const {
    auto beside = runs_.snapshot();
    auto const& counts = beside.book.counts;
    // Behind a broker, `in` is what its terms come to; else it is counted where it enters.
    now.book.counts.in += has_broker_ ? counts.duplicates + counts.dead + beside.book.not_safe() : counts.in + retried_;
    now.book.by_runs = counts.in;
    now.book.by_retries = retried_;
    now.book.counts.duplicates += counts.duplicates;
    now.book.counts.dead += counts.dead;
    now.book.in_flight += beside.book.in_flight;
    now.book.taken += beside.book.taken;
    if (beside.now) now.pumps.push_back(*std::move(beside.now));
}

result<> embedded_pipeline::add_to_page(web::web_options& page, endpoints& ends) {
    if (auto good = runs_.check(); !good) return in_context("--url", good.error());
    add_produce(page, runs_, options_);
    auto const folder = options_.text("data-dir") + "/nginx-logs";
    auto const journal = ends.open_topic(folder);
    if (!journal) return journal.error();
    auto const letters = ends.open_topic(folder + ".dlq");
    if (!letters) return letters.error();
    page.page->letters = make_run_letters(folder + ".dlq", *letters, *journal, retried_);
    return {};
}

void end_with_sources(process& whole) {
    if (!whole.options().on("once")) return;
    whole.ends_when([](process_snapshot const& now) {
        auto const is_idle = [](pump_snapshot const& each) {
            return each.finished || (each.started && each.backlog == std::uint64_t{0} && each.book.not_safe() == 0);
        };
        return std::ranges::any_of(now.pumps, &pump_snapshot::finished) && std::ranges::all_of(now.pumps, is_idle);
    });
}

result<std::unique_ptr<web::web_server>> start_page(process& whole, embedded_pipeline* embedded) {
    auto const& options = whole.options();
    auto const& listen = options.text("page");
    if (listen == "none") return std::unique_ptr<web::web_server>{};
    auto web = web_options_of(options, listen);
    if (!web) return web.error();
    web->snapshot = [&whole] { return whole.snapshot(); };
    web->tap = [&whole](std::string const& stage, std::uint64_t sample) { return whole.open_tap(stage, sample); };
    web->page->watch = [&whole] {
        return std::vector<web::watched_process>{{.address = {}, .now = whole.snapshot(), .reason = {}}};
    };
    auto const& hops = whole.spec().hops;
    auto const store = std::ranges::find_if(hops, [](auto const& each) { return each.to.starts_with("sqlite:"); });
    if (store != hops.end()) web->page->open_logs = logs_of(store->to, web->page->documents);
    if (embedded != nullptr)
        if (auto added = embedded->add_to_page(*web, whole.ends()); !added) return added.error();
    auto server = web::start_web_server(*std::move(web));
    if (server) {
        log_info("run: the page is at {}://{}", options.text("page-certificate").empty() ? "http" : "https", listen);
        return server;
    }
    if (server.error().code != errc::busy || !options.is_default("page")) return in_context("--page", server.error());
    // The pipeline is worth more than its page; an operator who named the address wants it there.
    log_warn("run: no page: {}; --page names another address", server.error().message);
    return std::unique_ptr<web::web_server>{};
}

}  // namespace logpipe::cli
