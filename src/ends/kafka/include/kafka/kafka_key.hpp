// What accompanies the payload in a message of ours, and the keys that carry it. docs/internals/kafka.md draws them.
#pragma once

#include "logpipe/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace logpipe::kafka {

/// What a message carries of its event besides the payload.
struct kafka_facts {
    event_id id;
    std::int64_t received_ns = 0;  ///< when the first durable store took it; 0: not known
    std::int64_t time_ns = 0;      ///< as the client said; 0: not known
    std::string_view tag;          ///< empty: not known
};

/// "lp1." and the id's text: the key of a dead letter, and before both times travelled of every message.
[[nodiscard]] std::string kafka_key(event_id id);
/// "lp2.", the id's text, both times, the tag: the key of an event.
[[nodiscard]] std::string kafka_event_key(kafka_facts const& facts);

}  // namespace logpipe::kafka
