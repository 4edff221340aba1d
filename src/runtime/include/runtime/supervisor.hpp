// One supervisor runs a pipeline: it starts the hops against the direction of the data, sinks first, stops them with
// it, and keeps the ledger of the whole.
#pragma once

#include "core/environment.hpp"
#include "logpipe/pipeline.hpp"
#include "logpipe/status.hpp"
#include "runtime/pump.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::runtime {

/// The titles and targets of a hop's stages, as a snapshot shows them.
struct hop_ends {
    std::string source_title;
    std::string source_target;
    std::string transform_title;
    std::string sink_title;
    std::string sink_target;
};

/// Puts them into the snapshot of the hop's pump.
void name_ends(pump_snapshot& of, hop_ends const& ends);

struct supervised_pump {
    std::unique_ptr<pump> moving;
    hop_ends ends{};
    bool opens_first = false;  ///< as hop_spec
};

enum class supervisor_state : std::uint8_t {
    starting,
    running,
    stopping,  ///< before the first pump is stopped: what feeds them from beside can end now
    draining,
    ended,
};

/// A state machine: it has no thread and never waits. One thread steps it, a few times a second; any thread may take a
/// snapshot or open a tap.
class supervisor final {
  public:
    struct options {
        std::chrono::milliseconds drain_time{30'000};
        std::string drain_time_text = "30s";  ///< for people
        environment world{};
    };

    /// @param pumps  in the order of the data
    supervisor(std::string name, std::vector<supervised_pump> pumps, options how);

    /// Does what is due.
    /// @param stop  somebody wants the end: the first time it begins, again at least a second later it gives up the
    /// rest
    [[nodiscard]] supervisor_state step(bool stop);
    /// Ends what runs as if every source had come to its end. The stepping thread only.
    void end_now() { end_wanted_ = true; }
    /// Gives up what is in flight in all pumps. Any thread.
    void abandon();

    /// Nothing of what was taken in had to be given up.
    [[nodiscard]] bool drained() const;
    /// Of the first pump that failed, but for errc::cancelled.
    [[nodiscard]] std::optional<error> failure() const;

    /// Figures of all pumps, in the order of the data.
    [[nodiscard]] std::vector<pump_snapshot> pumps() const;
    /// Behind "normalize" or, as `status` names it, "index/normalize". Any thread.
    [[nodiscard]] result<std::unique_ptr<tap_reader>> open_tap(std::string_view stage, std::uint64_t sample) const;

  private:
    [[nodiscard]] bool start_next();
    [[nodiscard]] bool has_ended() const;
    void begin_to_drain(steady_time now, bool stop);
    [[nodiscard]] bool drain_next(steady_time now, bool stop);
    void give_up(pump& which, std::string_view because);

    std::string const name_;
    std::vector<supervised_pump> const pumps_;
    options const how_;
    supervisor_state state_ = supervisor_state::starting;
    std::size_t not_started_;
    bool end_wanted_ = false;
    bool drained_ = true;
    // While it drains.
    std::size_t draining_ = 0;
    bool is_stopped_ = false;   // stop() of draining_ was called
    bool is_given_up_ = false;  // draining_ was abandoned
    steady_time began_;
    steady_time next_line_;
    steady_time gone_by_;
};

/// The ledger of a process with these pumps. A chain, in which each next pump reads what the one before writes, has one
/// account from its first source to its last sink; other pumps are added up.
[[nodiscard]] ledger ledger_of(std::vector<pump_snapshot> const& pumps);

}  // namespace logpipe::runtime
