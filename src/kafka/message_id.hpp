// An event's id as a message carries it, or as it follows from the message.
#pragma once

#include "logpipe/event.hpp"
#include "rdkafka_handles.hpp"

#include <array>
#include <string>
#include <string_view>

namespace logpipe {

inline constexpr std::string_view id_header = "logpipe-id";
inline constexpr std::string_view key_prefix = "lp1.";
inline constexpr std::size_t key_bytes = key_prefix.size() + event_id::text_bytes;

using key_text = std::array<char, key_bytes>;
[[nodiscard]] key_text key_of(event_id id) noexcept;
/// The id in a key of ours; zero for any other key.
[[nodiscard]] event_id id_in_key(std::string_view key) noexcept;

/// The newest header of this name; empty where there is none.
[[nodiscard]] std::string_view header_of(rd_kafka_message_t const& message, char const* name);

/// Gives every message of one topic an id that a second reading repeats. One thread.
class message_ids final {
  public:
    message_ids(std::string_view cluster_id, std::string_view topic);
    [[nodiscard]] event_id of(rd_kafka_message_t const& message, std::int64_t timestamp_ms) const;
    /// Of a message that carries none.
    [[nodiscard]] event_id from_place(std::int32_t partition, std::int64_t offset, std::int64_t timestamp_ms,
                                      std::string_view value) const;

  private:
    std::string const space_;  // cluster and topic
};

}  // namespace logpipe
