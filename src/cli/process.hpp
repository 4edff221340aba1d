// A process that runs a pipeline: its ends, its supervisor, signals, the admin server, the exit status.
#pragma once

#include "endpoints.hpp"
#include "logpipe/pipeline.hpp"
#include "logpipe/status.hpp"
#include "runtime/supervisor.hpp"
#include "settings.hpp"
#include "web/web.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// With the connections that the process has descriptors for.
[[nodiscard]] web::web_limits http_limits();

/// What any process says of itself: the newest warnings of its log, its memory.
[[nodiscard]] process_snapshot snapshot_without_pumps(std::string_view subcommand, std::int64_t started_ns);

/// Main thread, but for snapshot() and open_tap().
class process final {
  public:
    /// @param shared  outlives it, as what the functions below are given does
    /// @param run_id  as of endpoints
    process(settings const& options, pipeline_spec spec, shared_resources& shared, std::string run_id = {});

    /// Makes the ends of all hops, sinks first. Once, before run().
    [[nodiscard]] result<> build();

    /// What else goes on in the process, to be added to a snapshot. Any thread.
    void also_snapshot(std::function<void(process_snapshot&)> add) { add_ = std::move(add); }
    /// Called before the first pump is stopped.
    void before_drain(std::function<void()> stop) { before_drain_ = std::move(stop); }
    /// Called a few times a second while running.
    void on_tick(std::function<void(process_snapshot const&)> tick) { ticks_.push_back(std::move(tick)); }
    /// The run is over when this says so, besides all pumps being finished.
    void ends_when(std::function<bool(process_snapshot const&)> over) { over_ = std::move(over); }
    /// Gives up what is in flight.
    void abandon() { supervisor_->abandon(); }

    /// Serves --admin where it is given, runs until a signal or the end, drains. @return the exit status.
    [[nodiscard]] int run();

    /// Any thread, after build().
    [[nodiscard]] process_snapshot snapshot() const;
    [[nodiscard]] result<std::unique_ptr<tap_reader>> open_tap(std::string const& stage, std::uint64_t sample) const {
        return supervisor_->open_tap(stage, sample);
    }

    [[nodiscard]] settings const& options() const noexcept { return options_; }
    [[nodiscard]] pipeline_spec const& spec() const noexcept { return spec_; }
    [[nodiscard]] endpoints& ends() noexcept { return ends_; }

  private:
    [[nodiscard]] result<dead_letters*> dead_letters_of(hop_spec const& hop);
    [[nodiscard]] result<> start_admin();
    void supervise();
    [[nodiscard]] int exit_status() const;
    [[nodiscard]] process_snapshot snapshot_once() const;

    settings const& options_;
    pipeline_spec const spec_;
    std::int64_t const started_ns_;
    shared_resources& shared_;
    endpoints ends_;
    std::map<std::string, std::unique_ptr<dead_letters>> dead_letters_;  // by URI; they outlive the pumps
    std::optional<runtime::supervisor> supervisor_;
    std::function<void(process_snapshot&)> add_;
    std::function<void()> before_drain_;
    std::vector<std::function<void(process_snapshot const&)>> ticks_;
    std::function<bool(process_snapshot const&)> over_;
    std::atomic<bool> draining_{false};
    std::unique_ptr<web::web_server> admin_;
};

}  // namespace logpipe::cli
