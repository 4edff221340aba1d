// What the pump's thread and the network's share: batches that are not complete, and requests that wait to be sent.
#pragma once

#include "bulk_request.hpp"
#include "index_choice.hpp"

#include "core/mutex.hpp"
#include "logpipe/result.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace logpipe::opensearch {

/// Bounded by requests: write() waits while enough of them are ready for connections that come free. A batch that was
/// let in is always taken whole.
class bulk_queue final {
  public:
    /// @param ready_max  requests that wait for a connection
    /// @param indices  of the documents; null: the request's path names the one
    explicit bulk_queue(std::size_t ready_max, std::unique_ptr<index_choice> indices = {})
        : ready_max_{ready_max}, indices_{std::move(indices)} {}

    // The pump's thread.
    /// Waits for capacity, takes the batch, and cuts it into requests. @return a batch without anything to send: it is
    /// done. errc::cancelled, with `events` untouched.
    [[nodiscard]] result<std::optional<batch>> add(batch& events, bulk_limits const& limits, bool compress);
    /// What waits to be filled up may be sent as it is.
    void flush();

    // The network's thread.
    /// @return none where nothing waits to be sent.
    [[nodiscard]] bulk_request_ptr take();
    /// An empty one.
    [[nodiscard]] bulk_request_ptr spare();
    void recycle(bulk_request_ptr request);
    /// For an item that will wait long: @return the item that takes its place, of a separate batch, so that the other
    /// events' memory is free once they are complete; and its batch where it was the last one to be complete.
    /// @param as_part  the batch may be cut; else the item stays as it is
    [[nodiscard]] std::pair<bulk_item, std::optional<batch>> separate(bulk_item const& item, bool as_part);
    /// One item of it is complete. @return the batch where that was the last one.
    [[nodiscard]] std::optional<batch> complete(pending_batch& of);

    // Any thread.
    /// For good: what waits returns.
    void cancel();
    [[nodiscard]] bool cancelled() const;
    /// Events of batches that are not done.
    [[nodiscard]] std::uint64_t waiting_events() const;
    /// Events that belong to an index which is too old to be there: counted as dropped.
    [[nodiscard]] std::uint64_t expired_events() const noexcept { return expired_events_; }

  private:
    [[nodiscard]] bulk_request_ptr spare_locked() LOGPIPE_REQUIRES(mutex_);
    [[nodiscard]] std::optional<batch> release_locked(pending_batch& of) LOGPIPE_REQUIRES(mutex_);

    std::size_t const ready_max_;
    std::unique_ptr<index_choice> const indices_;  // the pump's thread's
    std::atomic<std::uint64_t> expired_events_{0};
    mutable mutex mutex_;
    condition space_;
    std::list<pending_batch> pending_ LOGPIPE_GUARDED_BY(mutex_);
    std::deque<bulk_request_ptr> ready_ LOGPIPE_GUARDED_BY(mutex_);
    bulk_request_ptr open_ LOGPIPE_GUARDED_BY(mutex_);  // not full yet
    bool flush_ LOGPIPE_GUARDED_BY(mutex_) = false;     // open_ may be sent
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
    std::vector<bulk_request_ptr> spare_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t waiting_events_ LOGPIPE_GUARDED_BY(mutex_) = 0;
};

}  // namespace logpipe::opensearch
