// What was sent and is not acknowledged yet: each entry lies still in its slot until all of it is, in whatever order.
#pragma once

#include "core/assert.hpp"
#include "core/mutex.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace logpipe {

struct in_flight_limits {
    std::size_t entries_max = 1024;
    std::size_t bytes_max = 0;
};

/// Bytes are counted as they are sent, which may be a part of the entry at a time; the sender waits for room. Any
/// thread may call anything; entries are added by one.
template <class Entry>
class in_flight_table final {
  public:
    using slot = std::uint32_t;

    explicit in_flight_table(in_flight_limits limits) : entries_(limits.entries_max), bytes_max_{limits.bytes_max} {
        for (auto at = static_cast<slot>(limits.entries_max); at > 0; --at) free_.push_back(at - 1);
    }

    void set_bytes_max(std::size_t bytes_max) {
        mutex_lock lock{mutex_};
        bytes_max_ = bytes_max;
        room_.notify_all();
    }

    /// Waits for room, then moves `entry` to a slot. @return none after cancel(): `entry` is untouched
    [[nodiscard]] std::optional<slot> add(Entry& entry) {
        mutex_lock lock{mutex_};
        room_.wait(lock, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || (has_room() && !free_.empty()); });
        if (cancelled_) return std::nullopt;
        auto const at = free_.back();
        free_.pop_back();
        entries_[at] = std::move(entry);
        return at;
    }
    /// Waits for room, then counts `bytes` more as sent. @return false after cancel()
    [[nodiscard]] bool add_bytes(std::size_t bytes) {
        mutex_lock lock{mutex_};
        room_.wait(lock, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || has_room(); });
        if (cancelled_) return false;
        bytes_ += bytes;
        return true;
    }

    /// What an acknowledgement changes.
    struct change {
        std::size_t bytes = 0;  ///< that are acknowledged
        bool is_done = false;   ///< all of the entry is
    };
    /// @param acknowledge  called with the entry, under the lock
    /// @return the entry where it is done; its slot is free then
    template <class Acknowledge>
    [[nodiscard]] std::optional<Entry> update(slot at, Acknowledge acknowledge) {
        mutex_lock lock{mutex_};
        change const made = acknowledge(entries_[at]);
        LOGPIPE_ASSERT(made.bytes <= bytes_);
        bytes_ -= made.bytes;
        std::optional<Entry> done;
        if (made.is_done) {
            done = std::exchange(entries_[at], Entry{});
            free_.push_back(at);
        }
        if (has_room()) room_.notify_all();
        return done;
    }

    /// Without the lock: for who knows that nothing else uses what is read of it meanwhile.
    [[nodiscard]] Entry& at(slot which) noexcept { return entries_[which]; }

    /// While paused, add() and add_bytes() wait.
    void pause(bool paused) {
        mutex_lock lock{mutex_};
        paused_ = paused;
        room_.notify_all();
    }
    /// For good: ends all waits.
    void cancel() {
        mutex_lock lock{mutex_};
        cancelled_ = true;
        room_.notify_all();
    }

    /// add() would wait.
    [[nodiscard]] bool is_full() const {
        mutex_lock lock{mutex_};
        return !has_room() || free_.empty();
    }
    [[nodiscard]] std::size_t bytes() const {
        mutex_lock lock{mutex_};
        return bytes_;
    }
    [[nodiscard]] std::size_t count() const {
        mutex_lock lock{mutex_};
        return entries_.size() - free_.size();
    }

  private:
    /// The last bytes go over the bound, so that an entry of any size is sent.
    [[nodiscard]] bool has_room() const LOGPIPE_REQUIRES(mutex_) { return !paused_ && bytes_ < bytes_max_; }

    std::vector<Entry> entries_;  // each used by who has its slot, or under the lock
    mutable mutex mutex_;
    condition room_;
    std::vector<slot> free_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t bytes_max_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool paused_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe
