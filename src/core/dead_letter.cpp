#include "logpipe/dead_letter.hpp"

#include <string>

namespace logpipe {

dead_letter_view view_of(dead_letter const& letter) noexcept {
    return {.id = letter.id,
            .stage = letter.stage,
            .reason = letter.reason,
            .origin = letter.origin,
            .tag = letter.tag,
            .time_ns = letter.time_ns,
            .event_time_ns = letter.event_time_ns,
            .received_ns = letter.received_ns,
            .entries = letter.entries,
            .part = {},
            .record = letter.record};
}

dead_letter copy_of(dead_letter_view const& letter) {
    return {.id = letter.id,
            .stage = std::string{letter.stage},
            .reason = std::string{letter.reason},
            .origin = std::string{letter.origin},
            .tag = std::string{letter.tag},
            .time_ns = letter.time_ns,
            .event_time_ns = letter.event_time_ns,
            .received_ns = letter.received_ns,
            .entries = letter.entries,
            .record = std::string{letter.record}};
}

std::size_t bytes_of(dead_letter const& letter) noexcept {
    return sizeof letter + letter.stage.size() + letter.reason.size() + letter.origin.size() + letter.tag.size() +
           letter.record.size();
}

}  // namespace logpipe
