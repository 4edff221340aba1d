// What the steppers of a pump share: the tracker, the counters, and why a stage is down. One lock guards all of it; it
// is taken once a batch.
#pragma once

#include "ack_tracker.hpp"
#include "core/environment.hpp"
#include "core/mutex.hpp"
#include "pump_rules.hpp"
#include "pump_taps.hpp"
#include "runtime/pump.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::runtime {

/// Any thread may call anything.
class pump_state final {
  public:
    pump_state(pump_options const& options, environment world)
        : options_{options}, world_{std::move(world)}, taps_{*world_.memory}, memory_{*world_.memory, "pumps"} {}

    // The source's stepper.
    /// Empty, with the capacity of a finished one where there is one.
    [[nodiscard]] batch take_buffer();
    /// Counts a batch that was read, and numbers it.
    void add(batch& events);
    /// It holds more than it did: the documents.
    void transformed(batch& events);
    [[nodiscard]] std::vector<progress> take_progress();
    /// Where memory is short, what is in flight has to leave first.
    [[nodiscard]] bool has_room();
    [[nodiscard]] bool all_safe() const;
    [[nodiscard]] bool has_taken() const;
    /// Its identity, counts and backlog are known from here on, whatever the sink does.
    void source_opened();
    /// Both ends are open and stand where they should.
    void start();
    [[nodiscard]] bool started() const;

    // The owner of a batch.
    /// The sink has taken it: only its head is left of it. @return false, with nothing changed, where it stays in
    /// flight: a part of a batch, or one with rejections that have no letters yet
    bool take(batch& events);
    /// All its events are accounted for. Its buffers go back to the source.
    void complete(batch&& finished);

    // Retries, as each stepper meets them.
    void went_down(pump_stage which, error const& reason);
    /// Only shows it: nothing is tried again.
    void is_down(pump_stage which, error const& reason);
    void came_up(pump_stage which);
    void fail(error const& reason);
    [[nodiscard]] std::optional<error> failure() const;

    // The end.
    void abandon();
    [[nodiscard]] bool abandoned() const;
    void finish();
    [[nodiscard]] bool wait_finished(steady_time until);

    [[nodiscard]] pump_taps& taps() noexcept { return taps_; }
    void write_to(pump_snapshot& out) const;
    /// Why the pump waits at that stage; none when it does not.
    [[nodiscard]] std::optional<error> down_reason(pump_stage which) const;

  private:
    /// The newest line about a stage that is down. The same one again is said now and then only.
    struct said_reason {
        std::string reason;
        steady_time until;        ///< before, the same reason is only counted
        std::uint64_t times = 0;  ///< since the line
        bool is_open = false;     ///< it was said that the stage is down, and not yet that it has recovered
    };

    void hold(batch& events, std::size_t bytes) LOGPIPE_REQUIRES(mutex_);
    void recycle(batch&& events) LOGPIPE_REQUIRES(mutex_);

    pump_options const options_;
    environment const world_;
    pump_taps taps_;
    mutable mutex mutex_;
    condition finished_changed_;
    ack_tracker tracker_ LOGPIPE_GUARDED_BY(mutex_);
    std::vector<batch> buffers_ LOGPIPE_GUARDED_BY(mutex_);
    event_counts this_run_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t bytes_in_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::uint64_t bytes_out_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::uint64_t retries_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    memory_share memory_ LOGPIPE_GUARDED_BY(mutex_);  ///< in flight
    latency_histogram safe_after_ LOGPIPE_GUARDED_BY(mutex_);
    latency_histogram age_when_safe_ LOGPIPE_GUARDED_BY(mutex_);
    std::array<std::optional<error>, pump_stages_count> down_ LOGPIPE_GUARDED_BY(mutex_);
    std::array<said_reason, pump_stages_count> said_ LOGPIPE_GUARDED_BY(mutex_);
    std::optional<error> failure_ LOGPIPE_GUARDED_BY(mutex_);
    bool waits_for_memory_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool source_known_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool started_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool abandoned_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool finished_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::runtime
