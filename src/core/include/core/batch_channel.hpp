// The only way batches go from thread to thread: a queue bounded by count and by bytes. A full one makes the sender
// wait; that is the back-pressure. It never waits by itself: the thread drivers wake them.
#pragma once

#include "core/mutex.hpp"
#include "logpipe/event.hpp"

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

namespace logpipe {

struct channel_bounds {
    std::size_t batches_max = 8;
    std::size_t bytes_max = std::size_t{16} << 20U;  ///< one batch over it still goes through an empty channel
};

/// Any thread may call anything.
class batch_channel final {
  public:
    explicit batch_channel(channel_bounds bounds) : bounds_{bounds} {}

    /// @return false, with `events` untouched, where it is full or closed
    [[nodiscard]] bool try_push(batch& events) {
        auto const bytes = events.bytes();
        mutex_lock lock{mutex_};
        if (closed_ || !has_room(bytes)) return false;
        bytes_ += bytes;
        batches_.emplace_back(std::move(events), bytes);
        return true;
    }

    [[nodiscard]] std::optional<batch> try_pop() {
        mutex_lock lock{mutex_};
        if (batches_.empty()) return std::nullopt;
        auto [events, bytes] = std::move(batches_.front());
        batches_.pop_front();
        bytes_ -= bytes;
        return std::move(events);
    }

    /// No more comes in; what is inside can still be taken out.
    void close() {
        mutex_lock lock{mutex_};
        closed_ = true;
    }

    [[nodiscard]] bool closed() const {
        mutex_lock lock{mutex_};
        return closed_;
    }
    /// Closed and empty.
    [[nodiscard]] bool finished() const {
        mutex_lock lock{mutex_};
        return closed_ && batches_.empty();
    }
    [[nodiscard]] std::size_t count() const {
        mutex_lock lock{mutex_};
        return batches_.size();
    }
    [[nodiscard]] std::size_t bytes() const {
        mutex_lock lock{mutex_};
        return bytes_;
    }

  private:
    bool has_room(std::size_t bytes) const LOGPIPE_REQUIRES(mutex_) {
        return batches_.empty() || (batches_.size() < bounds_.batches_max && bytes <= bounds_.bytes_max &&
                                    bytes_ <= bounds_.bytes_max - bytes);
    }

    channel_bounds const bounds_;
    mutable mutex mutex_;
    std::deque<std::pair<batch, std::size_t>> batches_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool closed_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe
