// The pump on threads: each stepper has one, which sleeps until its next step is due or it is woken.
#include "runtime/pump.hpp"

#include "core/mutex.hpp"
#include "core/thread.hpp"
#include "pump_stepper.hpp"

#include <array>
#include <thread>
#include <utility>

namespace logpipe::runtime {

namespace {

/// Any thread wakes; one waits.
class wake_up final {
  public:
    void raise() {
        mutex_lock lock{mutex_};
        if (std::exchange(raised_, true)) return;
        changed_.notify_one();
    }
    void wait_until(steady_time until) {
        mutex_lock lock{mutex_};
        changed_.wait_until(lock, until, [this]() LOGPIPE_REQUIRES(mutex_) { return raised_; });
        raised_ = false;
    }

  private:
    mutex mutex_;
    condition changed_;
    bool raised_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

class threaded_pump final : public pump {
  public:
    threaded_pump(pump_stages stages, pump_options const& options)
        : name_{options.name},
          has_transform_{stages.change != nullptr},
          steps_{std::move(stages), options, {}, {.wake = [this](pump_stage which) { wake_up_of(which).raise(); }}} {}

    ~threaded_pump() override {
        if (!threads_.front().joinable()) return;
        steps_.abandon();
        for (auto& each : threads_)
            if (each.joinable()) each.join();
    }

    void start() override {
        threads_.at(0) = carry(pump_stage::source, "-in");
        if (has_transform_) threads_.at(1) = carry(pump_stage::transform, "-work");
        threads_.at(2) = carry(pump_stage::sink, "-out");
    }
    void stop() override { steps_.stop(); }
    bool wait_until(steady_time until) override { return steps_.wait_until(until); }
    void abandon() override { steps_.abandon(); }
    std::optional<error> failure() const override { return steps_.failure(); }
    pump_snapshot snapshot() const override { return steps_.snapshot(); }
    std::unique_ptr<tap_reader> tap(std::string_view stage, std::uint64_t sample) override {
        return steps_.tap(stage, sample);
    }

  private:
    wake_up& wake_up_of(pump_stage which) { return wake_ups_.at(static_cast<std::size_t>(which)); }

    std::jthread carry(pump_stage which, std::string_view suffix) {
        return start_thread(name_ + std::string{suffix}, [this, which] {
            while (auto const due = steps_.step(which))
                if (*due != at_once) wake_up_of(which).wait_until(*due);
        });
    }

    std::string const name_;
    bool const has_transform_;
    std::array<wake_up, pump_stages_count> wake_ups_;
    pump_stepper steps_;
    std::array<std::jthread, pump_stages_count> threads_;
};

}  // namespace

std::unique_ptr<pump> make_pump(pump_stages stages, pump_options options) {
    return std::make_unique<threaded_pump>(std::move(stages), options);
}

}  // namespace logpipe::runtime
