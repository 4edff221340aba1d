// The ledger of one partition in one group, as the text that Kafka keeps beside the committed offset:
// "lp1 FROM IN INDEXED THERE DEAD", decimal. FROM is the offset where the counting began.
#pragma once

#include "logpipe/event.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe {

struct commit_metadata {
    std::int64_t counted_from = 0;
    event_counts counts;

    friend bool operator==(commit_metadata const&, commit_metadata const&) = default;
};

[[nodiscard]] std::string to_text(commit_metadata const& metadata);
/// None where another program has committed.
[[nodiscard]] std::optional<commit_metadata> parse_commit_metadata(std::string_view text) noexcept;

}  // namespace logpipe
