// A dead letter as a message of Kafka. The value is the original bytes; all else is in the key and, as text, in
// headers:
//
//   key                   lp1.ID; of a part lp1.ID#INDEX
//   timestamp             when it was rejected, ms; of a tombstone: the timestamp of the newest letter that it ends
//   logpipe-letter        1, the version; 2 of a letter that is about several entries of one message. Without it the
//                         value is a letter in JSON, as logpipe wrote them before.
//   logpipe-entries       how many entries; only of version 2, whose value is a pack (codec/dead_letter_pack.hpp)
//   logpipe-stage         the stage that rejected it
//   logpipe-reason        the reason
//   logpipe-origin        where it was read: "kafka nginx-logs 0 offset 7"
//   logpipe-tag           the event's tag
//   logpipe-rejected-ns   when it was rejected           }
//   logpipe-event-ns      the event's own time           } nanoseconds since the Unix epoch, in decimal;
//   logpipe-received-ns   when the event was received    } left out where it is not known
//   logpipe-part          INDEX, from 0                  } only of a letter in parts
//   logpipe-parts         how many there are             }
#pragma once

#include "kafka/kafka_admin.hpp"
#include "logpipe/dead_letter.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// What a topic of dead letters is created with. Letters stay until an operator ends them, or the topic's retention
/// drops the oldest.
inline constexpr std::size_t letter_line_bytes = std::size_t{8} << 20U;   ///< the default of --line-bytes-max
inline constexpr std::size_t letter_head_bytes = std::size_t{64} << 10U;  ///< more than headers, key and batch take
[[nodiscard]] std::vector<std::pair<std::string, std::string>> letter_topic_properties(letter_retention const& keep);

[[nodiscard]] std::string kafka_letter_key(event_id id, letter_part part);
/// Of a letter or a part of one; zero for any other key.
[[nodiscard]] event_id id_in_letter_key(std::string_view key) noexcept;

[[nodiscard]] kafka_admin::outgoing kafka_letter(dead_letter_view const& letter, std::int64_t timestamp_ms);
/// Whether its headers say that it is a letter in this form, of whatever version: then its value is nothing else.
[[nodiscard]] bool is_kafka_letter(kafka_message const& message);
/// @return none where the headers are not those of a letter; the view points into `message`
[[nodiscard]] std::optional<dead_letter_view> read_kafka_letter(kafka_message const& message);

}  // namespace logpipe::kafka
