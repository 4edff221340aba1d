#include "core/letter_options.hpp"

namespace logpipe {

option_set<letter_retention> const& letter_options() {
    static option_set<letter_retention> const set{
        bytes<&letter_retention::bytes_max>(
            "dead-letters-bytes-max",
            "Maximum size of the dead letters in a journal, or in a topic of Kafka that is created for them."),
        duration<&letter_retention::age_max>("dead-letters-age-max",
                                             "Dead letters older than this are dropped; 0: never."),
        choice<&letter_retention::when_full>(
            "dead-letters-full", "drop-oldest|block",
            "At the limit: drop the oldest dead letters, or stop until dlq retry or purge has made room."),
    };
    return set;
}

}  // namespace logpipe
