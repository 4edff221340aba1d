#include "process.hpp"

#include "core/clock.hpp"
#include "core/descriptors.hpp"
#include "core/log.hpp"
#include "core/memory_budget.hpp"
#include "hop_pump.hpp"
#include "net/address.hpp"
#include "signals.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"
#include "version.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <thread>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

constexpr auto tick_pause = 100ms;
/// While it starts and drains, so that neither waits for a tick.
constexpr auto step_pause = 5ms;
constexpr auto drain_pause = 20ms;
constexpr auto tend_pause = 1s;
constexpr int snapshots_max = 20;

std::vector<warning> newest_warnings() {
    std::vector<warning> lines;
    for (auto& each : recent_notes())
        lines.push_back(
            {.time_ns = each.time_ns,
             .severity = each.level == log_level::error ? warning_severity::error : warning_severity::warning,
             .message = std::move(each.message)});
    return lines;
}

}  // namespace

web::web_limits http_limits() {
    return {.connections_max = share_descriptors(descriptor_limit()).http_connections};
}

process::process(settings const& options, pipeline_spec spec, shared_resources& shared, std::string run_id)
    : options_{options},
      spec_{std::move(spec)},
      started_ns_{now_ns()},
      shared_{shared},
      ends_{options, shared, std::move(run_id)} {}

result<dead_letters*> process::dead_letters_of(hop_spec const& hop) {
    if (hop.dead_letters.empty()) return nullptr;
    auto& known = dead_letters_[hop.dead_letters];
    if (known == nullptr) {
        auto made = ends_.make_dead_letters(hop.dead_letters);
        if (!made) return made.error();
        known = *std::move(made);
    }
    return known.get();
}

result<> process::build() {
    // Sinks first: a journal that one hop writes is shared with the hop that reads it.
    struct ends_to_be {
        hop_spec const* hop;
        std::string name;
        std::unique_ptr<sink> to;
        dead_letters* dead;
    };
    std::vector<ends_to_be> all;
    for (auto const& hop : spec_.hops) {
        auto const dead = dead_letters_of(hop);
        if (!dead) {
            // They may be named after the source, whose own error names what somebody wrote.
            auto const from = ends_.make_source(hop);
            return from ? dead.error() : from.error();
        }
        for (std::size_t i = 0; i < hop.threads; ++i) {
            auto to = make_sink_of(hop, ends_);
            if (!to) return to.error();
            auto name = hop.threads == 1 ? hop.name : fmt::format("{}-{}", hop.name, i);
            all.push_back({.hop = &hop, .name = std::move(name), .to = *std::move(to), .dead = *dead});
        }
    }
    std::vector<runtime::supervised_pump> pumps;
    for (auto& [hop, name, to, dead] : all) {
        auto made = make_pump_of(*hop, std::move(name), ends_, std::move(to), dead);
        if (!made) return made.error();
        pumps.push_back(*std::move(made));
    }
    supervisor_.emplace(spec_.name, std::move(pumps),
                        runtime::supervisor::options{.drain_time = options_.duration("drain-timeout"),
                                                     .drain_time_text = options_.text("drain-timeout")});
    return {};
}

process_snapshot snapshot_without_pumps(std::string_view subcommand, std::int64_t started_ns) {
    process_snapshot now{.subcommand = std::string{subcommand}, .version = std::string{version_text}, .pid = getpid()};
    now.started_ns = started_ns;
    now.warnings = newest_warnings();
    now.memory = process_memory().status();
    return now;
}

process_snapshot process::snapshot_once() const {
    auto now = snapshot_without_pumps(spec_.name, started_ns_);
    now.draining = draining_;
    now.pumps = supervisor_->pumps();
    if (!dead_letters_.empty()) now.letters = dead_letters_.begin()->second->status();
    now.ready = !now.draining && all_up(now);
    if (!std::ranges::all_of(now.pumps, &pump_snapshot::source_known)) return now;
    now.book = runtime::ledger_of(now.pumps);
    if (add_) add_(now);
    return now;
}

process_snapshot process::snapshot() const {
    // The terms are read one after the other: a batch that moves on in between is seen twice or not at all. Nothing is
    // lost, and the next snapshot shows it.
    auto now = snapshot_once();
    for (int tries = 0; tries < snapshots_max && now.book.difference() != 0; ++tries) {
        std::this_thread::sleep_for(1ms);
        now = snapshot_once();
    }
    return now;
}

result<> process::start_admin() {
    auto const& listen = options_.text("admin");
    if (listen == "none") return {};
    // On loopback nobody is on the way, and `status` needs no certificate there.
    auto const where = net::parse_host_port(listen);
    bool const tls = where && !net::is_loopback(where->host);
    auto started = web::start_web_server(
        {.listen = listen,
         .snapshot = [this] { return snapshot(); },
         .produce = {},
         .host_names = options_.list("page-host"),
         .certificate_file = tls ? options_.text("page-certificate") : std::string{},
         .key_file = tls ? options_.text("page-key") : std::string{},
         .tap = [this](std::string const& stage, std::uint64_t sample) { return open_tap(stage, sample); },
         .limits = http_limits()});
    if (!started) return started.error();
    admin_ = *std::move(started);
    return {};
}

/// Drives the supervisor from its start to its end.
void process::supervise() {
    using runtime::supervisor_state;
    auto next_tick = std::chrono::steady_clock::now() + tick_pause;
    auto next_tend = std::chrono::steady_clock::now() + tend_pause;
    for (auto state = supervisor_->step(false); state != supervisor_state::ended;) {
        if (state == supervisor_state::stopping) {
            draining_ = true;
            if (before_drain_) before_drain_();
        }
        bool const stop = signal_came(state == supervisor_state::starting   ? step_pause
                                      : state == supervisor_state::stopping ? 0ms
                                      : state == supervisor_state::draining ? drain_pause
                                                                            : tick_pause);
        auto const now = std::chrono::steady_clock::now();
        if (now >= next_tend) {
            shared_.tend();
            next_tend = now + tend_pause;
        }
        if (state != supervisor_state::starting && now >= next_tick) {
            auto const seen = snapshot();
            for (auto const& tick : ticks_) tick(seen);
            if (state == supervisor_state::running && over_ && over_(seen)) supervisor_->end_now();
            next_tick = now + tick_pause;
        }
        state = supervisor_->step(stop);
    }
}

int process::run() {
    if (auto const started = start_admin(); !started) {
        log_error("--admin {}: {}; choose another address, or none", options_.text("admin"), started.error().message);
        return started.error().code == errc::invalid_argument ? exit_usage : exit_failed;
    }
    supervise();
    bool const output_is_data =
        std::ranges::any_of(spec_.hops, [](hop_spec const& each) { return writes_to_standard_output(each.to); });
    fmt::print(output_is_data ? stderr : stdout, "{}\n", snapshot().book.line());
    std::fflush(stdout);
    return exit_status();
}

int process::exit_status() const {
    auto const failure = supervisor_->failure();
    if (!failure) return supervisor_->drained() ? exit_done : exit_undrained;
    log_error("{}", failure->message);
    for (auto const& each : supervisor_->pumps())
        for (auto const& stage : each.stages)
            if (!stage.up && stage.reason != failure->message) log_error("{} is down: {}", stage.name, stage.reason);
    return failure->code == errc::invalid_argument ? exit_usage : exit_failed;
}

}  // namespace logpipe::cli
