// The ledger of one partition in one group, as the text that Kafka keeps beside the committed offset:
// "lp2 FROM IN INDEXED THERE DEAD TOMBSTONES GAPS EXPIRED [TOPIC_ID]", decimal. FROM is the offset where the counting
// began; the topic's id is there where the broker says it. "lp3 …" is the same with DROPPED after DEAD, written where
// there are any: programs of before read the rest. Of before: "lp1 FROM IN INDEXED THERE DEAD", without what was
// passed over.
#pragma once

#include "logpipe/event.hpp"
#include "logpipe/passed_offsets.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::kafka {

struct commit_metadata {
    std::int64_t counted_from = 0;
    event_counts counts;
    passed_offsets passed{};
    std::string topic_id{};  ///< in base64; empty: not known

    friend bool operator==(commit_metadata const&, commit_metadata const&) = default;
};

[[nodiscard]] std::string to_text(commit_metadata const& metadata);
/// @param committed  the offset that it stands beside. What was passed over before that was counted (`lp1`) is taken
///                   for gaps; `verify` finds out what they are.
/// @return none where another program has committed
[[nodiscard]] std::optional<commit_metadata> parse_commit_metadata(std::string_view text, std::int64_t committed);

}  // namespace logpipe::kafka
