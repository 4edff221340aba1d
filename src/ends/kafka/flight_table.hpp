// The batches that a Kafka sink has taken and that are not safe yet. A batch lies still in its slot until the last of
// its messages is accounted for, so messages point into its buffers, and 64 bits name a message: slot and event.
#pragma once

#include "logpipe/stage.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// One event of one slot; never 0, for librdkafka gives 0 to messages that have none.
enum class message_tag : std::uint64_t {};

struct flight {
    batch events;
    std::uint64_t number = 0;                 ///< of all batches, in order
    std::atomic<std::int32_t> partition{-1};  ///< chosen with its first message
    // Guarded by the table's lock.
    bool boarding = false;          ///< whoever boarded it still hands its messages over
    std::uint32_t left = 0;         ///< messages that are not accounted for
    std::size_t bytes_left = 0;     ///< of those that were handed over
    std::size_t message_bytes = 0;  ///< of one of them, in the mean
    std::vector<std::pair<std::uint32_t, std::string>> refused;
};

/// Any thread may call anything; one boards.
class flight_table final {
  public:
    static constexpr std::size_t slots = 1024;

    explicit flight_table(std::size_t bytes_max);
    void bound(std::size_t bytes_max);

    /// Waits for room, then takes the batch (moved from). It stays until boarded(), also when all its messages land
    /// before. `messages` of it, of `bytes` together, are to be handed over.
    /// @return errc::cancelled: `events` is untouched
    [[nodiscard]] result<std::uint32_t> board(batch& events, std::uint32_t messages, std::size_t bytes);
    /// Waits for room, then counts `bytes` of its messages as handed over. @return false: cancelled
    [[nodiscard]] bool hand_over(std::uint32_t slot, std::size_t bytes);
    /// All its messages were handed over. @return the batch when they have landed already.
    [[nodiscard]] std::optional<batch> boarded(std::uint32_t slot);
    [[nodiscard]] flight& at(std::uint32_t slot) noexcept { return flights_[slot]; }
    [[nodiscard]] flight& at(message_tag tag) noexcept { return flights_[slot_of(tag)]; }

    /// The broker will never take this message. It is accounted for by land() like any other.
    void refuse(message_tag tag, std::string reason);
    /// So many messages of it are accounted for. @return the batch when those were the last.
    [[nodiscard]] std::optional<batch> land(std::uint32_t slot, std::uint32_t messages);

    /// While held, board() and hand_over() wait.
    void hold(bool held);
    void cancel();

    /// board() and hand_over() would wait.
    [[nodiscard]] bool full() const;
    /// Of messages that were handed over and are not accounted for.
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::size_t count() const;

    [[nodiscard]] static message_tag tag_of(std::uint32_t slot, std::uint32_t event) noexcept {
        return message_tag{((std::uint64_t{slot} + 1) << 32U) | event};
    }
    [[nodiscard]] static std::uint32_t slot_of(message_tag tag) noexcept {
        return static_cast<std::uint32_t>(static_cast<std::uint64_t>(tag) >> 32U) - 1;
    }
    [[nodiscard]] static std::uint32_t event_of(message_tag tag) noexcept { return static_cast<std::uint32_t>(tag); }

  private:
    // Under the lock.
    [[nodiscard]] bool has_room() const;
    [[nodiscard]] std::optional<batch> finished(std::uint32_t slot);

    std::vector<flight> flights_;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable room_;
    std::size_t bytes_max_;
    std::vector<std::uint32_t> free_;
    std::size_t bytes_ = 0;
    std::uint64_t next_number_ = 0;
    bool held_ = false;
    bool cancelled_ = false;
};

}  // namespace logpipe::kafka
