// A machine of the pipeline: its disk, its clock, and a process that is killed, cut off from power and started again.
#pragma once

#include "audit/letters.hpp"
#include "course.hpp"
#include "journal/journal.hpp"
#include "logpipe/status.hpp"
#include "runtime/dead_letters.hpp"
#include "world/faulty_files.hpp"
#include "world/stepped_pump.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::sim {

class machine {
  public:
    /// @param bit  its own
    machine(course& of, std::string name, std::uint32_t bit)
        : course_{of}, chance_{of.seed_of(bit)}, name_{std::move(name)}, bit_{bit}, files_{of.seed_of(bit) + 1} {
        memory_.set_limits({.held = held_bytes_max, .largest = 0});
    }
    virtual ~machine() = default;
    machine(machine const&) = delete;
    machine& operator=(machine const&) = delete;

    // Faults.
    void cut_power();
    /// Soon, in the middle of what it does with its disk.
    void cut_power_in_between();
    void kill();
    /// Nothing new is taken in; what there is goes through, then the process ends and is started again.
    void stop_in_order();
    /// Half of them; then the power may go as well.
    void fail_syncs_until(steady_time until);
    void fail_disk_until(steady_time until);
    void fill_disk_until(steady_time until);
    void jump_clock(std::chrono::nanoseconds by);
    void end_faults();

    [[nodiscard]] std::string const& name() const noexcept { return name_; }
    [[nodiscard]] virtual bool is_running() const = 0;
    /// What keeps it from being done; empty: all that came is safe.
    [[nodiscard]] virtual std::string unrest() = 0;
    /// What has to hold at any moment.
    virtual void check() = 0;
    /// Once all is quiet: what is in its dead letters.
    virtual void look_through_letters() = 0;

    [[nodiscard]] steady_time due() const;
    void step();

  protected:
    /// @return false where the disk fails
    [[nodiscard]] virtual bool start() = 0;
    /// The process is gone, and all that it held.
    virtual void destroy() = 0;
    virtual void stop_process() = 0;
    [[nodiscard]] virtual bool has_ended() = 0;
    [[nodiscard]] virtual steady_time process_due() const = 0;
    virtual void step_process() = 0;

    [[nodiscard]] environment world();
    [[nodiscard]] std::shared_ptr<journal::topic> open_topic(std::string const& topic, std::uint64_t segment_bytes,
                                                             std::uint64_t bytes_max);
    /// Dead letters in a journal of this machine; what is put there is promised.
    [[nodiscard]] std::unique_ptr<dead_letters> make_letters(journal::topic& to);
    [[nodiscard]] std::unique_ptr<sink> make_journal_sink(journal::topic& to);
    /// Those that are not resolved.
    void look_through(std::shared_ptr<journal::topic> letters);
    /// An operator sends all of them on their way again.
    void retry_letters(std::shared_ptr<journal::topic> letters, audit::letter_input const& to);
    void check_pump(pump_snapshot const& now);
    [[nodiscard]] std::string unrest_of(pump_snapshot const& now) const;
    [[nodiscard]] static std::string letters_folder() { return "data/logs.dlq"; }

    course& course_;
    chance chance_;
    std::string const name_;
    std::uint32_t const bit_;
    faulty_files files_;

  private:
    /// So little that clients wait for each other now and then: each has a buffer of 16 KiB.
    static constexpr std::size_t held_bytes_max = std::size_t{68} << 10U;
    static constexpr std::size_t beyond_bytes_max = std::size_t{128} << 10U;  // what lets each go on

    void check_memory();
    void restart_after(std::chrono::microseconds time);
    void look_at(dead_letter const& letter, std::uint64_t attempts);

    memory_budget memory_;
    std::int64_t jump_ns_ = 0;
    std::map<event_id, std::uint64_t> retries_;  // as the operator remembers
    bool is_stopping_ = false;
    bool has_power_ = true;
    steady_time start_at_;
    steady_time disk_fails_until_;
    steady_time disk_full_until_;
    steady_time syncs_fail_until_;
};

}  // namespace logpipe::sim
