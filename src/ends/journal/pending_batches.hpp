// Batches that were written and are not given back yet: they wait for a sync, in memory, because they may have to be
// written again.
#pragma once

#include "core/mutex.hpp"
#include "journal/journal.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace logpipe::journal {

/// Where a sink's batches are reported. The writer may still have batches of a sink that is gone.
struct outlet {
    explicit outlet(journal_duplicates what) : duplicates{what} {}

    journal_duplicates const duplicates;
    mutex called;                                               // also held while `reports` is called
    completions* reports LOGPIPE_GUARDED_BY(called) = nullptr;  ///< none: the sink is gone
};

/// A batch that was taken.
struct pending_batch {
    std::shared_ptr<outlet> to;
    batch events;
    event_counts counts;
};

/// Without any lock of the writer, because what is called may call it.
inline void give_back(pending_batch&& done) {
    done.events.counts.indexed = done.counts.indexed;
    done.events.counts.duplicates = done.counts.duplicates;
    mutex_lock const lock{done.to->called};
    if (done.to->reports != nullptr) done.to->reports->done(std::move(done.events));
}

/// One thread at a time.
class pending_batches final {
  public:
    using time_point = std::chrono::steady_clock::time_point;

    void add(pending_batch&& taken) {
        bytes_ += bytes_of(taken.events);
        unsynced_.push_back(std::move(taken));
    }
    /// In the order they were added.
    [[nodiscard]] std::vector<pending_batch>& unsynced() noexcept { return unsynced_; }
    /// So many that a sync should come before another one.
    [[nodiscard]] bool is_full() const noexcept { return bytes_ >= bytes_max || unsynced_.size() >= batches_max; }
    /// Whether so few, for so short, that they wait for a sync which comes every `interval`.
    [[nodiscard]] bool may_wait(time_point now, std::chrono::milliseconds interval) const noexcept {
        return bytes_ < waiting_bytes_max && now - synced_at_ < interval;
    }

    /// All are safe. @return how many of their events were there already
    std::uint64_t synced(time_point now) {
        synced_at_ = now;
        std::uint64_t duplicates = 0;
        for (auto& done : unsynced_) {
            duplicates += done.counts.duplicates;
            safe_.push_back(std::move(done));
        }
        unsynced_.clear();
        bytes_ = 0;
        return duplicates;
    }
    /// To be given back.
    [[nodiscard]] std::vector<pending_batch> take_safe() noexcept { return std::exchange(safe_, {}); }

  private:
    // Memory, and work that a crash undoes.
    static constexpr std::size_t bytes_max = std::size_t{16} << 20U;
    static constexpr std::size_t batches_max = 1024;
    // With a sync only now and then, this much does not wait for it: what a pump has in flight is bounded, and a source
    // that has reached that bound would wait for the time to pass.
    static constexpr std::size_t waiting_bytes_max = std::size_t{2} << 20U;

    static std::size_t bytes_of(batch const& events) noexcept {
        return events.records.size() + events.documents.size() + events.events.size() * sizeof(event);
    }

    std::vector<pending_batch> unsynced_;
    std::vector<pending_batch> safe_;
    std::size_t bytes_ = 0;  // of unsynced_
    time_point synced_at_;
};

}  // namespace logpipe::journal
