// Documents that fail while others are stored. They wait here, without a connection, until they are retried. No I/O.
#pragma once

#include "bulk_request.hpp"

#include "logpipe/stage.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::opensearch {

struct retry_limits {
    std::size_t events_max = 0;
    std::size_t bytes_max = 0;  ///< of records and documents; one always fits into an empty queue
    std::chrono::milliseconds wait_first{0};
    std::chrono::milliseconds wait_longest{0};
    /// Both must be reached before a document is given up.
    std::uint64_t tries_min = 0;
    std::chrono::milliseconds time_min{0};
};

struct retry_entry {
    bulk_item item;
    std::string reason;        ///< of the newest failure
    std::uint64_t tries = 0;   ///< those that count
    std::uint64_t proofs = 0;  ///< of the breaker, at the newest failure
    bool by_itself = false;    ///< in a request without others
    std::size_t bytes = 0;     ///< the queue's, as all below
    steady_time failed_first;
    steady_time due;
    std::chrono::milliseconds wait{0};
};

/// Bounded; what is being sent counts until it is forgotten. One thread.
class retry_queue final {
  public:
    explicit retry_queue(retry_limits limits) : limits_{limits} {}

    [[nodiscard]] bool has_room(bulk_item const& item) const;
    /// There must be room.
    void add(retry_entry entry, steady_time now);
    /// Those that are due, as many as a request holds; each comes back by put_back() or is forgotten.
    [[nodiscard]] std::vector<retry_entry> take_due(steady_time now, bulk_limits const& limits);
    /// Any of those that wait. @param index  below waiting_count()
    [[nodiscard]] retry_entry take(std::size_t index);
    /// To be retried after a longer wait.
    void put_back(retry_entry entry, steady_time now);
    void forget(retry_entry const& entry);
    /// It has failed for good.
    [[nodiscard]] bool is_over(retry_entry const& entry, steady_time now) const;

    [[nodiscard]] std::optional<steady_time> next_due() const;
    [[nodiscard]] std::size_t waiting_count() const noexcept { return waiting_.size(); }
    [[nodiscard]] std::size_t events() const noexcept { return events_; }
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  private:
    retry_limits const limits_;
    std::vector<retry_entry> waiting_;
    std::size_t events_ = 0;
    std::size_t bytes_ = 0;
};

}  // namespace logpipe::opensearch
