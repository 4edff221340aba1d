// Between the network thread, which decodes, and the pump's thread, which reads: batches that are being filled and the
// buffers that come back. No event is copied; whole batches change hands.
#pragma once

#include "event_decoder.hpp"

#include "logpipe/event.hpp"
#include "logpipe/stage.hpp"

#include "core/mutex.hpp"

#include <cstdint>
#include <deque>
#include <vector>

namespace logpipe::forward {

/// Any thread may call anything; one fills, one takes.
class inbox final {
  public:
    inbox(event_decoder_options decoder, std::size_t bytes_max);

    /// Decodes a message's events onto the end. @return the offset after the last of them. Throws std::bad_alloc;
    /// nothing of the message is in it then.
    std::uint64_t put(forward_message const& message);
    /// True when no more should be put in; the next take() that makes room then returns true.
    [[nodiscard]] bool full();
    /// Nothing more comes; what is inside can still be taken.
    void close();

    enum class taken { nothing, events, closed_and_empty };
    /// Swaps `into` (empty) with the oldest batch, or waits until there is one, `until`, or wake().
    /// @param made_room  set where a full() had said true and there is room now
    [[nodiscard]] taken take(batch& into, steady_time until, bool& made_room);
    void wake();

    [[nodiscard]] event_decoder_counts counts() const;
    [[nodiscard]] std::size_t bytes() const;

  private:
    void close_batch() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] bool over_bound() const noexcept LOGPIPE_REQUIRES(mutex_) {
        return bytes_ + bytes_of(filling_) >= bytes_max_;
    }
    [[nodiscard]] static std::size_t bytes_of(batch const& events) noexcept;

    std::size_t const bytes_max_;
    mutable mutex mutex_;
    condition changed_;
    event_decoder decoder_ LOGPIPE_GUARDED_BY(mutex_);
    batch filling_ LOGPIPE_GUARDED_BY(mutex_);
    std::deque<batch> filled_ LOGPIPE_GUARDED_BY(mutex_);
    std::vector<batch> spare_ LOGPIPE_GUARDED_BY(mutex_);  // empty, with capacity
    std::size_t bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;     // in filled_
    std::uint64_t offset_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // after the last event
    bool was_full_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool closed_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool woken_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::forward
