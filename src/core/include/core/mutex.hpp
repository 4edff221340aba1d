// A mutex, its lock and a condition that clang's thread safety analysis knows (-Wthread-safety): members say which lock
// guards them, functions which lock they need. Source: clang.llvm.org/docs/ThreadSafetyAnalysis.html
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <utility>

#ifdef __clang__
#define LOGPIPE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define LOGPIPE_THREAD_ATTRIBUTE(x)
#endif

/// Of a member: only with that mutex held.
#define LOGPIPE_GUARDED_BY(mutex) LOGPIPE_THREAD_ATTRIBUTE(guarded_by(mutex))
/// Of a function, also of a lambda (behind its parameters): the caller holds that mutex.
#define LOGPIPE_REQUIRES(mutex) LOGPIPE_THREAD_ATTRIBUTE(requires_capability(mutex))
/// Of a function: the caller does not hold that mutex, for the function locks it.
#define LOGPIPE_EXCLUDES(mutex) LOGPIPE_THREAD_ATTRIBUTE(locks_excluded(mutex))

namespace logpipe {

class LOGPIPE_THREAD_ATTRIBUTE(capability("mutex")) mutex final {
  public:
    void lock() LOGPIPE_THREAD_ATTRIBUTE(acquire_capability()) { native_.lock(); }
    void unlock() LOGPIPE_THREAD_ATTRIBUTE(release_capability()) { native_.unlock(); }
    [[nodiscard]] bool try_lock() LOGPIPE_THREAD_ATTRIBUTE(try_acquire_capability(true)) { return native_.try_lock(); }

  private:
    friend class mutex_lock;
    std::mutex native_;
};

/// Holds the mutex from its construction to its destruction, but between unlock() and lock().
class LOGPIPE_THREAD_ATTRIBUTE(scoped_lockable) mutex_lock final {
  public:
    explicit mutex_lock(mutex& which) LOGPIPE_THREAD_ATTRIBUTE(acquire_capability(which)) : native_{which.native_} {}
    /// Of one that the caller has locked.
    mutex_lock(mutex& which, std::adopt_lock_t adopt) LOGPIPE_REQUIRES(which) : native_{which.native_, adopt} {}
    ~mutex_lock() LOGPIPE_THREAD_ATTRIBUTE(release_capability()) = default;
    mutex_lock(mutex_lock const&) = delete;
    mutex_lock& operator=(mutex_lock const&) = delete;

    void lock() LOGPIPE_THREAD_ATTRIBUTE(acquire_capability()) { native_.lock(); }
    void unlock() LOGPIPE_THREAD_ATTRIBUTE(release_capability()) { native_.unlock(); }

  private:
    friend class condition;
    friend class stoppable_condition;
    std::unique_lock<std::mutex> native_;
};

/// As std::condition_variable. The predicate of a wait runs with the lock held: clang wants it to say
/// `[this]() LOGPIPE_REQUIRES(mutex_) { … }`.
class condition final {
  public:
    void notify_one() noexcept { native_.notify_one(); }
    void notify_all() noexcept { native_.notify_all(); }

    void wait(mutex_lock& lock) { native_.wait(lock.native_); }
    template <class Clock, class Duration>
    void wait_until(mutex_lock& lock, std::chrono::time_point<Clock, Duration> time) {
        native_.wait_until(lock.native_, time);
    }
    template <class Predicate>
    void wait(mutex_lock& lock, Predicate until) {
        native_.wait(lock.native_, std::move(until));
    }
    /// @return what the predicate says at the end
    template <class Clock, class Duration, class Predicate>
    bool wait_until(mutex_lock& lock, std::chrono::time_point<Clock, Duration> time, Predicate until) {
        return native_.wait_until(lock.native_, time, std::move(until));
    }
    template <class Rep, class Period, class Predicate>
    bool wait_for(mutex_lock& lock, std::chrono::duration<Rep, Period> time, Predicate until) {
        return native_.wait_for(lock.native_, time, std::move(until));
    }

  private:
    std::condition_variable native_;
};

/// As std::condition_variable_any with a stop token: a wait also ends when a stop is requested.
class stoppable_condition final {
  public:
    void notify_one() noexcept { native_.notify_one(); }
    void notify_all() noexcept { native_.notify_all(); }

    /// @return what the predicate says at the end
    template <class Predicate>
    bool wait(mutex_lock& lock, std::stop_token stop, Predicate until) {
        return native_.wait(lock.native_, std::move(stop), std::move(until));
    }
    template <class Clock, class Duration, class Predicate>
    bool wait_until(mutex_lock& lock, std::stop_token stop, std::chrono::time_point<Clock, Duration> time,
                    Predicate until) {
        return native_.wait_until(lock.native_, std::move(stop), time, std::move(until));
    }

  private:
    std::condition_variable_any native_;
};

}  // namespace logpipe
