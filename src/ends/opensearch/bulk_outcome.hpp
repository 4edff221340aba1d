// What became of a `_bulk` request and of each of its items.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::opensearch {

enum class item_fate : std::uint8_t {
    indexed,
    duplicate,  ///< a document with this id is stored already
    retry,      ///< the target's load, or the state of its nodes: retried, and never counted as an attempt
    failed,     ///< may pass, and may be the document's own fault
    pause,      ///< not until an operator has done something about the target, whatever the document
    rejected,   ///< never
};

/// Of an item that was not stored.
struct item_reason {
    std::uint32_t item = 0;       ///< index
    bool names_document = false;  ///< it is about a field or the form of the document, so not about the target
    std::string words;            ///< status, type and reasons
};

enum class request_fate : std::uint8_t {
    per_item,  ///< each item has its fate
    retry,
    pause,
    split,  ///< too large as a whole
};

struct bulk_outcome {
    request_fate request = request_fate::per_item;
    errc code = errc::rejected;        ///< of `reason`
    std::string reason;                ///< for all but `per_item`: one line for people
    std::vector<item_fate> items;      ///< of `per_item`: as many as were sent, in their order
    std::vector<item_reason> reasons;  ///< of the items that were not stored, by index
};

[[nodiscard]] constexpr bool is_stored(item_fate fate) noexcept {
    return fate == item_fate::indexed || fate == item_fate::duplicate;
}

}  // namespace logpipe::opensearch
