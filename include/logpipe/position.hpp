// Where a source is: the position up to which all is safe, and how much of its input it has read.
#pragma once

#include "logpipe/event.hpp"

#include <cstdint>

namespace logpipe {

/// A point in a source: all events of `partition` before `offset`. The number of a partition is the source's choice;
/// one that was taken away and comes back gets a new number, so late completions cannot commit for it.
struct position {
    std::uint32_t partition = 0;
    std::uint64_t offset = 0;

    friend bool operator==(position const&, position const&) = default;
};

/// Everything before `safe` is durable downstream. `counts` is what became of the events since the last such report
/// of the partition; a source with a durable position stores both together.
struct progress {
    position safe;
    event_counts counts;
};

/// How much of its input a source that has an end has read.
struct source_progress {
    enum class measure : std::uint8_t { bytes, events };

    std::uint64_t read = 0;
    std::uint64_t total = 0;  ///< above 0
    measure unit = measure::bytes;

    friend bool operator==(source_progress const&, source_progress const&) = default;
};

}  // namespace logpipe
