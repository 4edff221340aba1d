// How a stage is: up, or down with its reason. The worker notes the outcome of each attempt; any thread asks, or waits
// for the next one.
#pragma once

#include "core/mutex.hpp"
#include "logpipe/result.hpp"
#include "logpipe/stage_status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace logpipe {

/// Any thread may call anything.
class stage_health final {
  public:
    /// @param from_the_start  what holds until the first success, as "not connected yet"
    explicit stage_health(std::optional<error> from_the_start = std::nullopt) : down_{std::move(from_the_start)} {}

    /// A try failed, and there will be another. @return whether that is news: the stage was up, or down for another
    /// reason
    bool down(error reason) {
        mutex_lock lock{mutex_};
        bool const is_news = down_ != reason;
        down_ = std::move(reason);
        ended_a_try();
        return is_news;
    }
    /// A try worked. @return whether that is news
    bool up() {
        mutex_lock lock{mutex_};
        ended_a_try();
        return std::exchange(down_, std::nullopt).has_value();
    }
    /// Down or up as `outcome` says; the end of a source is not a failure. @return the same
    template <class T>
    result<T> noted(result<T> outcome) {
        if (outcome || outcome.error().code == errc::end_of_input)
            up();
        else
            down(outcome.error());
        return outcome;
    }

    /// Waiting calls return, for good. @return false where it was cancelled before
    bool cancel() {
        mutex_lock lock{mutex_};
        tried_.notify_all();
        return !std::exchange(cancelled_, true);
    }
    [[nodiscard]] bool cancelled() const {
        mutex_lock lock{mutex_};
        return cancelled_;
    }
    /// @param begin  makes somebody try now
    /// @return at once while it is up; else when the next try ended: its error. errc::cancelled after cancel().
    template <class Begin>
    [[nodiscard]] result<> wait_for_try(Begin begin) {
        mutex_lock lock{mutex_};
        auto const before = tries_;
        if (!cancelled_ && !down_) return {};
        if (!cancelled_) {
            lock.unlock();
            if (result<> begun = begin(); !begun) return begun;
            lock.lock();
            tried_.wait(lock, [&]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || tries_ != before; });
        }
        if (cancelled_) return error{errc::cancelled, "cancelled"};
        return down_ ? result<>{*down_} : result<>{};
    }

    /// None while it is up.
    [[nodiscard]] std::optional<error> trouble() const {
        mutex_lock lock{mutex_};
        return down_;
    }
    [[nodiscard]] bool is_up() const { return !trouble().has_value(); }
    /// That ended, well or not.
    [[nodiscard]] std::uint64_t tries() const {
        mutex_lock lock{mutex_};
        return tries_;
    }
    /// Whether it is up, and why not.
    void describe(stage_status& into) const {
        mutex_lock lock{mutex_};
        into.up = !down_.has_value();
        into.reason = down_ ? down_->message : std::string{};
        into.hint = down_ ? hint_of(down_->code) : std::string_view{};
    }

  private:
    void ended_a_try() LOGPIPE_REQUIRES(mutex_) {
        ++tries_;
        tried_.notify_all();
    }

    mutable mutex mutex_;
    condition tried_;
    std::optional<error> down_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t tries_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe
