// The only way values go from thread to thread: a queue bounded by count and by bytes. A full queue makes the sender
// wait; that is the back-pressure.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace logpipe {

struct queue_bounds {
    std::size_t count_max = 8;
    std::size_t bytes_max = std::size_t{16} << 20U;  ///< one value over it still goes through an empty queue
};

/// Any thread may call anything.
template <class T>
class bounded_queue final {
  public:
    explicit bounded_queue(queue_bounds bounds) : bounds_{bounds} {}

    /// Waits for room. @return false when closed; `value` is then untouched.
    bool push(T& value, std::size_t bytes) {
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [&] { return closed_ || has_room(bytes); });
        if (closed_) return false;
        bytes_ += bytes;
        values_.emplace_back(std::move(value), bytes);
        changed_.notify_all();
        return true;
    }

    /// Waits for a value until `until`. @return none at that time, when woken, or when closed and empty.
    std::optional<T> pop(std::chrono::steady_clock::time_point until) {
        std::unique_lock lock{mutex_};
        changed_.wait_until(lock, until, [&] { return closed_ || woken_ || !values_.empty(); });
        woken_ = false;
        return take();
    }

    std::optional<T> try_pop() {
        std::lock_guard lock{mutex_};
        return take();
    }

    /// Makes a waiting pop() return, or the next one.
    void wake() {
        std::lock_guard lock{mutex_};
        woken_ = true;
        changed_.notify_all();
    }

    /// No more comes in; what is inside can still be taken out.
    void close() {
        std::lock_guard lock{mutex_};
        closed_ = true;
        changed_.notify_all();
    }

    [[nodiscard]] bool finished() const {
        std::lock_guard lock{mutex_};
        return closed_ && values_.empty();
    }
    [[nodiscard]] std::size_t count() const {
        std::lock_guard lock{mutex_};
        return values_.size();
    }
    [[nodiscard]] std::size_t bytes() const {
        std::lock_guard lock{mutex_};
        return bytes_;
    }

  private:
    bool has_room(std::size_t bytes) const {
        return values_.empty() || (values_.size() < bounds_.count_max && bytes_ + bytes <= bounds_.bytes_max);
    }
    std::optional<T> take() {
        if (values_.empty()) return std::nullopt;
        auto [value, bytes] = std::move(values_.front());
        values_.pop_front();
        bytes_ -= bytes;
        changed_.notify_all();
        return std::move(value);
    }

    queue_bounds const bounds_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<std::pair<T, std::size_t>> values_;
    std::size_t bytes_ = 0;
    bool closed_ = false;
    bool woken_ = false;
};

}  // namespace logpipe
