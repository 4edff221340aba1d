// Which index a document belongs to: a function of what repeats with its id, so that an event that comes again,
// whenever and by whatever way, meets itself. docs/internals/opensearch.md
#pragma once

#include "index_pattern.hpp"

#include "logpipe/event.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// In the place of a tag that has no index.
inline constexpr std::string_view other_tags = "other";

/// The document's own `@timestamp`, in nanoseconds; none where it has none that can be read.
[[nodiscard]] std::optional<std::int64_t> document_time(std::string_view document);

/// The time by which a document's index is chosen. In this order: `@timestamp` where it is not the receipt, since the
/// line's bytes repeat it; the client's time of the entry, which a resend repeats; the receipt. The first two only
/// within `window_ns` of the receipt: a wrong clock must not make a thousand indices. Where nothing durable has taken
/// the event yet, it is received now, and the entry's time comes first, since `@timestamp` may be that receipt.
[[nodiscard]] std::int64_t repeated_time(event const& row, std::string_view document, std::int64_t window_ns,
                                         std::int64_t now_ns);

struct index_choice_options {
    index_pattern pattern;
    std::vector<std::string> tags;  ///< those with an index each; all others share "other"
    std::int64_t window_ns = 0;     ///< see repeated_time()
    std::int64_t age_max_ns = 0;    ///< what belongs to an older index has expired; 0: nothing does
};

/// The pump's thread; the names that it gave may be read by any.
class index_choice final {
  public:
    explicit index_choice(index_choice_options options) : options_{std::move(options)} {}

    /// @return null: the document has expired. The name is there as long as this is.
    [[nodiscard]] std::string const* of(event const& row, std::string_view tag, std::string_view document,
                                        std::int64_t now_ns);

  private:
    [[nodiscard]] std::string const* name(std::chrono::sys_days day, std::string_view tag);

    index_choice_options const options_;
    std::set<std::string, std::less<>> names_;  // never moved; one for each period that documents came of
    // What the document before had: neighbours mostly have the same.
    std::chrono::sys_days day_;
    std::string tag_;
    index_pattern::period period_;
    std::string const* name_ = nullptr;
};

/// Whether all documents of a period are older than that.
[[nodiscard]] bool has_expired(index_pattern::period const& period, std::int64_t age_max_ns, std::int64_t now_ns);

}  // namespace logpipe::opensearch
