// The sink's side of a pump: dead letters before anything else, then the batch, then a flush when nothing more waits.
#pragma once

#include "core/log.hpp"
#include "core/retry_loop.hpp"
#include "flush_delay.hpp"
#include "pump_step.hpp"
#include "rejected.hpp"

#include <vector>

namespace logpipe::runtime {

/// One thread calls step(); finish() any.
class sink_stepper final {
  public:
    explicit sink_stepper(pump_common& pump);

    [[nodiscard]] next_step step();
    /// A batch of which every event is safe or has its letter.
    void finish(batch&& events);

  private:
    enum class task : std::uint8_t {
        none,
        offer,   ///< current_ to the sink
        settle,  ///< current_, which came back from the sink with its rejections
        flush,
    };

    [[nodiscard]] next_step pick();
    [[nodiscard]] next_step pick_flush();
    [[nodiscard]] next_step go_on();
    [[nodiscard]] next_step put_letters();
    [[nodiscard]] next_step offer();
    [[nodiscard]] next_step flush();
    [[nodiscard]] next_step worked(task next);
    [[nodiscard]] next_step failed(error const& reason);
    [[nodiscard]] next_step give_up(error const& reason);
    [[nodiscard]] next_step end();
    [[nodiscard]] bool has_letters_to_put() const noexcept { return needs_letters(current_); }

    pump_common& pump_;
    retry_loop retry_;
    task task_ = task::none;
    batch current_;
    std::vector<dead_letter> letters_;  // of current_, being put: the same ones after a failure
    std::size_t letters_put_ = 0;       // of current_
    bool reopen_ = false;               // before the next call
    bool unflushed_ = false;
    bool waits_to_flush_ = false;  // for what may come within the delay
    flush_delay flush_delay_;
    steady_time flush_since_{};
    log_limit dead_lines_;
};

}  // namespace logpipe::runtime
