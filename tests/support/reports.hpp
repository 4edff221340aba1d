// What a sink has reported.
#pragma once

#include "logpipe/stage.hpp"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

namespace logpipe::test {

/// Gathers what a sink has finished, where that comes from the thread of the test.
class reported final : public completions {
  public:
    void done(batch&& finished) override {
        counts += finished.counts;
        batches.push_back(std::move(finished));
    }
    std::vector<batch> batches;
    event_counts counts;
};

/// Gathers what a sink has finished, where that comes from a thread of its own.
class finished_batches final : public completions {
  public:
    void done(batch&& finished) override {
        std::lock_guard lock{mutex_};
        batches_.push_back(std::move(finished));
        changed_.notify_all();
    }
    /// @return all of them once there are `count`; fewer after a minute.
    [[nodiscard]] std::vector<batch> wait(std::size_t count) {
        std::unique_lock lock{mutex_};
        changed_.wait_for(lock, std::chrono::minutes{1}, [&] { return batches_.size() >= count; });
        return batches_;
    }
    [[nodiscard]] std::size_t count() {
        std::lock_guard lock{mutex_};
        return batches_.size();
    }

  private:
    std::mutex mutex_;  // guards both below
    std::condition_variable changed_;
    std::vector<batch> batches_;
};

[[nodiscard]] inline event_counts total_of(std::vector<batch> const& batches) {
    event_counts total;
    for (auto const& one : batches) total += one.counts;
    return total;
}

}  // namespace logpipe::test
