// The batches that a Kafka sink has taken and that are not safe yet. A batch lies still in its slot until the last of
// its messages is acknowledged, so messages point into its buffers, and 64 bits identify a message: slot and event.
#pragma once

#include "core/in_flight_table.hpp"
#include "logpipe/stage.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// One event of one slot; never 0, for librdkafka gives 0 to messages that have none.
enum class message_tag : std::uint64_t {};

[[nodiscard]] inline message_tag tag_of(std::uint32_t slot, std::uint32_t event) noexcept {
    return message_tag{((std::uint64_t{slot} + 1) << 32U) | event};
}
[[nodiscard]] inline std::uint32_t slot_of(message_tag tag) noexcept {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(tag) >> 32U) - 1;
}
[[nodiscard]] inline std::uint32_t event_of(message_tag tag) noexcept {
    return static_cast<std::uint32_t>(tag);
}

struct sent_batch {
    batch events;
    std::uint64_t number = 0;     ///< of all batches, in order
    std::int32_t partition = -1;  ///< chosen with its first message, by whichever thread: std::atomic_ref
    // Under the table's lock.
    bool is_sending = true;            ///< more of its messages are to be sent
    std::uint32_t unacknowledged = 0;  ///< messages
    std::size_t bytes = 0;             ///< of those that were sent
    std::size_t message_bytes = 0;     ///< of one of them, in the mean
    std::vector<std::pair<std::uint32_t, std::string>> rejected;
};

/// Any thread may call anything; one sends.
class sent_batches final {
  public:
    static constexpr std::size_t slots = 1024;

    explicit sent_batches(std::size_t bytes_max) : table_{{.entries_max = slots, .bytes_max = bytes_max}} {}
    void set_bytes_max(std::size_t bytes_max) { table_.set_bytes_max(bytes_max); }

    /// Waits for room, then takes the batch (moved from). It stays until end_sending(), also when all its messages are
    /// acknowledged before. `messages` of it, of `bytes` together, are to be sent.
    /// @return errc::cancelled: `events` is untouched
    [[nodiscard]] result<std::uint32_t> begin_sending(batch& events, std::uint32_t messages, std::size_t bytes);
    /// Waits for room, then counts `bytes` of its messages as sent. @return false: cancelled
    [[nodiscard]] bool add_bytes(std::uint32_t slot, std::size_t bytes);
    /// All its messages were sent. @return the batch when they are acknowledged already.
    [[nodiscard]] std::optional<batch> end_sending(std::uint32_t slot);
    [[nodiscard]] sent_batch& at(std::uint32_t slot) noexcept { return table_.at(slot); }
    [[nodiscard]] sent_batch& at(message_tag tag) noexcept { return table_.at(slot_of(tag)); }

    /// The broker will never take this message. It is still acknowledged like any other.
    void reject(message_tag tag, std::string reason);
    /// So many messages of it are done with. @return the batch when those were the last.
    [[nodiscard]] std::optional<batch> acknowledge(std::uint32_t slot, std::uint32_t messages);

    /// While paused, begin_sending() and add_bytes() wait.
    void pause(bool paused) { table_.pause(paused); }
    void cancel() { table_.cancel(); }

    /// begin_sending() would wait.
    [[nodiscard]] bool is_full() const { return table_.is_full(); }
    /// Of messages that were sent and are not acknowledged.
    [[nodiscard]] std::size_t bytes() const { return table_.bytes(); }
    [[nodiscard]] std::size_t count() const { return table_.count(); }

  private:
    using table = in_flight_table<sent_batch>;

    table table_;
    std::uint64_t next_number_ = 0;  // of who sends
};

}  // namespace logpipe::kafka
