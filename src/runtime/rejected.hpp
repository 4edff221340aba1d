// Events that were rejected, on their way to the dead letters.
#pragma once

#include "logpipe/stage.hpp"

#include <cstddef>
#include <vector>

namespace logpipe::runtime {

/// Whether some of its rejections have no letter yet. Of a batch that was taken only the head is left: none has.
[[nodiscard]] inline bool needs_letters(batch const& events) noexcept {
    return events.rejections.size() > events.counts.dead;
}

/// The dead letters of the batch's rejections from number `first` on, rejected at `now_ns`: at least one, and as many
/// as a few megabytes hold. A batch of that size may have letters of gigabytes, since each has its tag and its reason.
[[nodiscard]] std::vector<dead_letter> letters_of(batch const& events, std::size_t first, std::int64_t now_ns);

/// Rejects what is not rejected yet of a batch that the sink takes nothing of. There must be such an event, since the
/// sink would be offered the batch for ever.
void reject_rest(batch& events, error const& reason);

}  // namespace logpipe::runtime
