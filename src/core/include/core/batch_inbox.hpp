// Between a listener's network thread, which takes messages in, and the pump's thread, which reads: batches that are
// being filled and the buffers that come back. No event is copied; whole batches change hands.
#pragma once

#include "core/memory_budget.hpp"
#include "core/mutex.hpp"
#include "logpipe/event.hpp"
#include "logpipe/stage.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe {

/// Any thread may call anything; one fills, one takes.
/// @tparam Decoder  append(message, batch&) adds a message's events at the end of the batch, and nothing where it
/// throws; counts() says what it has counted.
template <class Decoder>
class batch_inbox final {
  public:
    /// @param bytes_max  of what was put in and is not taken yet
    /// @param holder  whose memory that is
    batch_inbox(Decoder decoder, std::size_t bytes_max, memory_budget& memory, std::string_view holder)
        : bytes_max_{bytes_max}, decoder_{std::move(decoder)}, memory_{memory, holder} {}

    /// Decodes events of a message onto the end. @return the offset after the last of them. Throws std::bad_alloc;
    /// nothing of the message is in it then.
    template <class Message>
    std::uint64_t put(Message&& message) {
        mutex_lock const lock{mutex_};
        auto const first = filling_.events.size();
        decoder_.append(message, filling_);
        for (auto i = first; i < filling_.events.size(); ++i) filling_.events[i].offset = offset_++;
        filling_.end_offset = offset_;
        if (filling_.full() || filling_.tags.size() >= tags_max || !is_whole(message)) close_batch_if_possible();
        account();
        changed_.notify_one();
        return offset_;
    }
    /// True when no more should be put in; the next take() that makes room then returns true.
    [[nodiscard]] bool full() {
        mutex_lock const lock{mutex_};
        was_full_ = over_bound();
        return was_full_;
    }
    /// Nothing more comes; what is inside can still be taken.
    void close() {
        mutex_lock const lock{mutex_};
        closed_ = true;
        changed_.notify_one();
    }
    void wake() {
        mutex_lock const lock{mutex_};
        woken_ = true;
        changed_.notify_one();
    }

    enum class taken { nothing, events, closed_and_empty };
    /// Swaps `into` (empty) with the oldest batch, or waits until there is one, `until`, or wake().
    /// @param made_room  set where a full() had said true and there is room now
    [[nodiscard]] taken take(batch& into, steady_time until, bool& made_room) {
        mutex_lock lock{mutex_};
        changed_.wait_until(lock, until, [&]() LOGPIPE_REQUIRES(mutex_) { return has_events() || closed_ || woken_; });
        woken_ = false;
        if (!has_events()) return closed_ ? taken::closed_and_empty : taken::nothing;
        if (filled_.empty()) {
            std::swap(into, filling_);
            filling_.clear();
        } else {
            take_oldest(into);
        }
        account();
        made_room = was_full_ && !over_bound();
        if (made_room) was_full_ = false;
        return taken::events;
    }

    [[nodiscard]] auto counts() const {
        mutex_lock const lock{mutex_};
        auto const counts = decoder_.counts();
        return counts;
    }
    [[nodiscard]] std::size_t bytes() const {
        mutex_lock const lock{mutex_};
        return memory_.bytes();
    }

  private:
    /// Tags are looked for one by one, so a batch has few of them.
    static constexpr std::size_t tags_max = 256;
    /// A buffer that one huge chunk has grown is not kept.
    static constexpr std::size_t spare_bytes_max = 8 * batch::bytes_target;
    static constexpr std::size_t spare_count_max = 4;

    /// One that comes in portions is whole with its last one. The others end their batches: where a portion ends must
    /// not depend on what else comes.
    template <class Message>
    [[nodiscard]] static bool is_whole(Message const& message) noexcept {
        if constexpr (requires { message.is_whole(); }) return message.is_whole();
        return true;
    }
    /// The message is in: where memory is short, the batch takes the next one as well.
    void close_batch_if_possible() noexcept LOGPIPE_REQUIRES(mutex_) {
        try {
            filled_.emplace_back();
        } catch (std::bad_alloc const&) {
            return;
        }
        std::swap(filled_.back(), filling_);
        bytes_ += filled_.back().used_bytes();
        if (spare_.empty()) return;
        filling_ = std::move(spare_.back());
        spare_.pop_back();
    }
    void take_oldest(batch& into) LOGPIPE_REQUIRES(mutex_) {
        bytes_ -= filled_.front().used_bytes();
        std::swap(into, filled_.front());
        auto& emptied = filled_.front();
        if (spare_.size() < spare_count_max && emptied.bytes() <= spare_bytes_max) {
            emptied.clear();
            spare_.push_back(std::move(emptied));
        }
        filled_.pop_front();
    }
    [[nodiscard]] bool has_events() const noexcept LOGPIPE_REQUIRES(mutex_) {
        return !filled_.empty() || !filling_.empty();
    }
    [[nodiscard]] bool over_bound() const noexcept LOGPIPE_REQUIRES(mutex_) { return memory_.bytes() >= bytes_max_; }
    void account() noexcept LOGPIPE_REQUIRES(mutex_) { memory_.set(bytes_ + filling_.used_bytes()); }

    std::size_t const bytes_max_;
    mutable mutex mutex_;
    condition changed_;
    Decoder decoder_ LOGPIPE_GUARDED_BY(mutex_);
    batch filling_ LOGPIPE_GUARDED_BY(mutex_);
    std::deque<batch> filled_ LOGPIPE_GUARDED_BY(mutex_);
    std::vector<batch> spare_ LOGPIPE_GUARDED_BY(mutex_);  // empty, with capacity
    std::size_t bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;     // in filled_
    memory_share memory_ LOGPIPE_GUARDED_BY(mutex_);       // and in filling_
    std::uint64_t offset_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // after the last event
    bool was_full_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool closed_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool woken_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe
