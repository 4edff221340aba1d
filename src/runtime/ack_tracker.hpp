// Turns completions in any order into the position of each partition up to which everything is safe. Only a
// contiguous run counts: a batch that is safe after one that is not moves nothing.
#pragma once

#include "logpipe/stage.hpp"

#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace logpipe::runtime {

/// What was known of a batch before it was safe.
struct tracked_batch {
    steady_time read_at;
    std::int64_t received_ns = 0;  ///< as it was given to take(); 0 for a batch that was not taken
};

/// Keeps ranges: batches that were taken one after the other are one entry, and so are safe ones that wait for an
/// older one. So what a sink makes safe much later costs nothing here. One thread at a time; the pump's lock guards it.
class ack_tracker final {
  public:
    /// The span of read times that one entry stands for at most, and so the error of oldest().
    static constexpr std::chrono::seconds range_span_max{1};

    /// A batch was read that ends at `end`; the batches of a partition come in its order.
    /// @return its number in the partition, to be given to take() and complete().
    std::uint64_t add(position end, std::uint64_t event_count, steady_time now);
    /// The sink has taken all of that batch. From here on it comes back as a whole.
    /// @param event_count  of the batch that the sink holds
    /// @return false, and nothing has changed, where that is a part only
    bool take(std::uint32_t partition, std::uint64_t sequence, std::uint64_t event_count, std::int64_t received_ns);
    /// Every event of that batch is safe, or those of a part of it. Each once.
    /// @param end  of the batch, as it was added
    tracked_batch complete(position end, std::uint64_t sequence, event_counts const& counts);
    /// What has become safe since the last call, a partition each.
    [[nodiscard]] std::vector<progress> take_progress();

    [[nodiscard]] bool has_progress() const noexcept { return has_progress_; }
    [[nodiscard]] std::uint64_t outstanding_batches() const noexcept { return outstanding_batches_; }
    /// Neither taken nor safe.
    [[nodiscard]] std::uint64_t in_flight_events() const noexcept { return in_flight_events_; }
    /// Taken, and not safe.
    [[nodiscard]] std::uint64_t taken_events() const noexcept { return taken_events_; }
    /// When the oldest batch that is not safe was read; `now` where there is none.
    [[nodiscard]] steady_time oldest(steady_time now) const;
    /// Entries that it keeps.
    [[nodiscard]] std::size_t ranges() const noexcept;

  private:
    enum class range_state : std::uint8_t { in_flight, taken, safe };
    struct range {
        range_state state = range_state::in_flight;
        std::uint64_t first_sequence = 0;
        std::uint64_t end_sequence = 0;
        std::uint64_t end_offset = 0;   // not of a taken range, whose batches bring theirs
        std::uint64_t event_count = 0;  // of a batch in flight
        steady_time read_at;            // of its first batch
        steady_time last_read_at;       // of its last batch
        std::int64_t received_ns = 0;   // of its first batch, when taken
        event_counts counts;            // of what is safe of it
    };
    struct partition_state {
        std::uint64_t next_sequence = 0;
        std::deque<range> ranges;
        bool moved = false;
        std::uint64_t safe_offset = 0;  // valid when moved
        event_counts counts;            // since the last take_progress()
    };
    using place = std::deque<range>::iterator;

    [[nodiscard]] static place find(partition_state& part, std::uint64_t sequence);
    [[nodiscard]] static bool may_join(range const& left, range const& right) noexcept;
    static void join_neighbours(partition_state& part, place at);
    [[nodiscard]] static place cut_out(partition_state& part, place at, std::uint64_t sequence);
    void advance(partition_state& part);

    // A partition is forgotten when nothing of it is outstanding, so a source may use ever new numbers.
    std::unordered_map<std::uint32_t, partition_state> partitions_;
    std::uint64_t outstanding_batches_ = 0;
    std::uint64_t in_flight_events_ = 0;
    std::uint64_t taken_events_ = 0;
    bool has_progress_ = false;
};

/// Adds what moved since to what is not committed yet.
void merge(std::vector<progress>& uncommitted, progress const& newer);

}  // namespace logpipe::runtime
