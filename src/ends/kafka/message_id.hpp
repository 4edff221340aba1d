// What a message carries of its event besides the payload: id, both times, tag. They stand in the key
//
//   lp2. ID RECEIVED TIME TAG       "lp2.", 26, 13 and 13 characters of base32hex, and the tag as it is
//   lp1. ID                         of dead letters, since compaction works on the key; and as it was before lp2
//
// or, where the key is a foreign one, in the headers `logpipe-id` (ID), `logpipe-received-ns`, `logpipe-event-ns`
// (decimal) and `logpipe-tag`. Times are nanoseconds since the Unix epoch; one that is not known is 0, or left out.
#pragma once

#include "core/base32.hpp"
#include "kafka/kafka.hpp"
#include "rdkafka_handles.hpp"

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::kafka {

inline constexpr std::string_view id_header = "logpipe-id";
inline constexpr std::string_view received_header = "logpipe-received-ns";
inline constexpr std::string_view time_header = "logpipe-event-ns";
inline constexpr std::string_view event_tag_header = "logpipe-tag";
inline constexpr std::string_view key_prefix = "lp1.";
inline constexpr std::size_t key_bytes = key_prefix.size() + event_id::text_bytes;

using key_text = std::array<char, key_bytes>;
[[nodiscard]] key_text key_of(event_id id) noexcept;
/// The id in a key that is the id alone; zero for any other key.
[[nodiscard]] event_id id_in_key(std::string_view key) noexcept;

inline constexpr std::string_view event_key_prefix = "lp2.";
inline constexpr std::size_t event_key_bytes_min = key_bytes + 2 * base32_number_bytes;
/// Replaces `out` by the key; nothing is allocated once that has grown.
void write_event_key(std::string& out, kafka_facts const& facts);
/// Of an event in a key of either kind; none for any other key.
[[nodiscard]] std::optional<kafka_facts> facts_in_key(std::string_view key) noexcept;

/// The newest header of this name; empty where there is none.
[[nodiscard]] std::string_view header_of(rd_kafka_message_t const& message, char const* name);

/// Gives every message of one topic its facts, with an id that a second reading gives as well. One thread.
class message_ids final {
  public:
    message_ids(std::string_view cluster_id, std::string_view topic);
    /// Where the message does not carry its receipt, that is its timestamp.
    [[nodiscard]] kafka_facts of(rd_kafka_message_t const& message, std::int64_t timestamp_ms) const;
    /// Of a message that carries none.
    [[nodiscard]] event_id from_position(std::int32_t partition, std::int64_t offset, std::int64_t timestamp_ms,
                                         std::string_view value) const;

  private:
    std::string const space_;  // cluster and topic
};

}  // namespace logpipe::kafka
