// The source's side of a pump: opens both ends, reads, commits what is safe, and ends last.
#pragma once

#include "core/retry_loop.hpp"
#include "pump_step.hpp"

#include <vector>

namespace logpipe::runtime {

/// One thread.
class source_stepper final {
  public:
    explicit source_stepper(pump_common& pump);

    [[nodiscard]] next_step step();

  private:
    enum class phase : std::uint8_t { open_source, open_sink, read, reopen_source, drain, close, ended };

    [[nodiscard]] next_step open_source();
    [[nodiscard]] next_step open_sink();
    [[nodiscard]] result<> start_where_stored();
    [[nodiscard]] next_step read();
    [[nodiscard]] next_step survive(error const& reason);
    [[nodiscard]] next_step drain();
    [[nodiscard]] next_step close();
    [[nodiscard]] next_step go_on(phase with);
    [[nodiscard]] next_step retry(retry_loop& waiting, pump_stage which, error const& reason, phase when_stopped);
    [[nodiscard]] next_step give_up(error const& reason);
    [[nodiscard]] next_step end_reading();
    void show_sink();
    void commit_progress();
    [[nodiscard]] batch_channel& next() noexcept { return pump_.stages.change ? pump_.to_transform : pump_.to_sink; }
    void wake_next() const;

    pump_common& pump_;
    phase phase_ = phase::open_source;
    retry_loop opening_;
    retry_loop reading_;
    steady_time opening_since_{};
    bool was_open_ = false;
    batch into_;
    bool has_batch_ = false;  // into_ was read and waits for room
    std::vector<progress> uncommitted_;
};

}  // namespace logpipe::runtime
