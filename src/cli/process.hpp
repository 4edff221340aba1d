// A process as it runs: its pumps in the order of the data, signals, the admin server, the orderly end.
#pragma once

#include "logpipe/status.hpp"
#include "runtime/pump.hpp"
#include "settings.hpp"
#include "web/web.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::cli {

/// Before any other thread starts: SIGTERM, SIGINT, SIGHUP and SIGPIPE are no longer what ends the process by itself.
void take_over_signals();
/// SIGTERM or SIGINT came within `time`. The main thread alone asks. SIGHUP reloads files meanwhile; a process that
/// never asks ignores it.
[[nodiscard]] bool signal_came(std::chrono::milliseconds time);

/// A store that keeps its position in a journal must have told it before anyone writes there: what the journal lost
/// beyond its end must not be given out again as offsets of other events.
enum class start_order { with_others, before_others };

/// With the connections that the process has descriptors for.
[[nodiscard]] web::web_limits http_limits();

/// The newest warnings and errors of this process's log.
[[nodiscard]] std::vector<warning> newest_warnings();

/// Main thread, but for snapshot().
class process final {
  public:
    explicit process(settings const& options);

    /// Pumps are started in reverse and stopped in order: what takes in comes first.
    void add(std::unique_ptr<runtime::pump> moving, start_order when = start_order::with_others);
    /// How the figures of the pumps make the ledger of the whole; without it, it is the first pump's.
    /// It may also complete the figures of a pump that does not know all of its own.
    void set_book(std::function<ledger(process_snapshot&)> book) { book_ = std::move(book); }
    /// What else goes on in the process, to be added to a snapshot. Any thread.
    void also_look(std::function<void(process_snapshot&)> add) { add_ = std::move(add); }
    /// Where dead letters go, to be shown. They outlive the process.
    void show_letters(dead_letters const& letters) { letters_ = &letters; }
    /// Called before the first pump is stopped.
    void before_drain(std::function<void()> stop) { before_drain_ = std::move(stop); }
    /// Called a few times a second while running.
    void on_tick(std::function<void(process_snapshot const&)> tick) { ticks_.push_back(std::move(tick)); }
    /// The run is over when this says so, besides all pumps being finished.
    void ends_when(std::function<bool(process_snapshot const&)> over) { over_ = std::move(over); }

    /// Standard output carries events: the ledger goes to standard error.
    void output_is_data(bool is) { output_is_data_ = is; }

    /// Serves --admin where it is given, runs until a signal or the end, drains. @return the exit status.
    [[nodiscard]] int run();

    /// Any thread.
    [[nodiscard]] process_snapshot snapshot() const;
    /// Behind "normalize" or, as `status` names it, "index/normalize". Any thread.
    [[nodiscard]] result<std::unique_ptr<tap_reader>> open_tap(std::string const& stage, std::uint64_t sample) const;

  private:
    [[nodiscard]] bool start();
    [[nodiscard]] bool wait_for_end();
    [[nodiscard]] bool drain();
    [[nodiscard]] int exit_status_of(bool drained) const;
    [[nodiscard]] process_snapshot look() const;

    settings const& options_;
    std::vector<std::unique_ptr<runtime::pump>> pumps_;
    std::vector<start_order> orders_;  // of pumps_
    std::function<ledger(process_snapshot&)> book_;
    std::function<void(process_snapshot&)> add_;
    std::function<void()> before_drain_;
    std::vector<std::function<void(process_snapshot const&)>> ticks_;
    dead_letters const* letters_ = nullptr;
    std::function<bool(process_snapshot const&)> over_;
    std::int64_t const started_ns_;
    std::atomic<bool> draining_{false};
    bool output_is_data_ = false;
    std::unique_ptr<web::web_server> admin_;
};

}  // namespace logpipe::cli
