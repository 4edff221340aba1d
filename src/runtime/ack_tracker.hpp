// Turns completions in any order into the position of each partition up to which everything is safe. Only a
// contiguous run counts: a batch that is done behind one that is not moves nothing.
#pragma once

#include "logpipe/stage.hpp"

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace logpipe::runtime {

/// One thread at a time; the pump's lock guards it.
class ack_tracker final {
  public:
    /// A batch was read that ends at `end`; the batches of a partition come in its order.
    /// @return its number in the partition, to be given to complete().
    std::uint64_t add(position end, std::uint64_t event_count, steady_time now);
    /// Every event of that batch is safe, or those of a part of it. Each once. @return when it was read
    steady_time complete(std::uint32_t partition, std::uint64_t sequence, event_counts const& counts);
    /// What has become safe since the last call, a partition each.
    [[nodiscard]] std::vector<progress> take_progress();

    [[nodiscard]] bool has_progress() const noexcept { return has_progress_; }
    [[nodiscard]] std::uint64_t outstanding_batches() const noexcept { return outstanding_batches_; }
    [[nodiscard]] std::uint64_t outstanding_events() const noexcept { return outstanding_events_; }
    /// When the oldest batch that is not safe was read; `now` where there is none.
    [[nodiscard]] steady_time oldest(steady_time now) const;

  private:
    struct entry {
        std::uint64_t end_offset = 0;
        std::uint64_t event_count = 0;
        steady_time read_at;
        event_counts counts;  // of the parts that are safe
        bool done = false;    // all of it
    };
    struct partition_state {
        std::uint64_t first_sequence = 0;  // of entries.front()
        std::deque<entry> entries;
        bool moved = false;
        std::uint64_t safe_offset = 0;  // valid when moved
        event_counts counts;            // since the last take_progress()
    };

    // A partition is forgotten when nothing of it is outstanding, so a source may use ever new numbers.
    std::unordered_map<std::uint32_t, partition_state> partitions_;
    std::uint64_t outstanding_batches_ = 0;
    std::uint64_t outstanding_events_ = 0;
    bool has_progress_ = false;
};

/// Adds what moved since to what is not committed yet.
void merge(std::vector<progress>& uncommitted, progress const& newer);

}  // namespace logpipe::runtime
