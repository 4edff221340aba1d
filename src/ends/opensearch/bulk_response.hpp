// What the answer to a `_bulk` request means, for the request and for each of its items. No I/O.
#pragma once

#include "logpipe/result.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::opensearch {

/// What the reply is cut down to: 30 bytes an item that was indexed, and still a statement about each; of an error
/// also the reasons of its causes (`**` is one level or more).
inline constexpr std::string_view bulk_filter =
    "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.**.reason";

enum class item_fate : std::uint8_t {
    indexed,
    already_there,  ///< a document with this id is: the event met itself
    again,          ///< the target's load, or the state of its nodes: that item again, never counted as an attempt
    failed,         ///< may pass, and may be the document's own fault
    hold,           ///< not until an operator has done something about the target, whatever the document
    refused,        ///< never
};

/// Of an item that did not go in.
struct item_reason {
    std::uint32_t item = 0;       ///< index
    bool names_document = false;  ///< it is about a field or the form of the document, so not about the target
    std::string words;            ///< status, type and reasons
};

enum class request_fate : std::uint8_t {
    answered,  ///< each item has its fate
    again,
    hold,
    split,  ///< too large as a whole
};

struct bulk_outcome {
    request_fate request = request_fate::answered;
    std::string reason;                ///< for all but `answered`: one line for people
    std::vector<item_fate> items;      ///< of `answered`: as many as were sent, in their order
    std::vector<item_reason> reasons;  ///< of the items that did not go in, by index
};

[[nodiscard]] constexpr bool is_in(item_fate fate) noexcept {
    return fate == item_fate::indexed || fate == item_fate::already_there;
}

/// @param type, reason  of the item's `error`; empty where it has none
[[nodiscard]] item_fate fate_of_item(std::uint64_t status, std::string_view type, std::string_view reason) noexcept;
/// @param words  as in item_reason
[[nodiscard]] bool names_document(std::string_view words) noexcept;
/// @param type  `error.type` of the whole answer; empty where it has none
[[nodiscard]] request_fate fate_of_request(unsigned status, std::string_view type) noexcept;

/// Its buffers are kept from answer to answer. One thread.
class bulk_response_reader final {
  public:
    /// Room that `body` is given behind its end.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    /// Never fails: what cannot be understood is asked again, since the ids make a repeat harmless.
    /// @param item_count  how many were sent
    void read(unsigned status, std::string& body, std::size_t item_count, bulk_outcome& into);

  private:
    [[nodiscard]] result<> read_items(std::string& body, std::size_t item_count, bulk_outcome& into);
    [[nodiscard]] result<> read_item(simdjson::ondemand::value item, bulk_outcome& into);
    void read_refusal(unsigned status, std::string& body, bulk_outcome& into);

    simdjson::ondemand::parser parser_;
};

/// `error.type` of an answer that is an error as a whole, and its reason with those of its causes; for one that is not
/// such JSON, the reason is its first bytes.
struct answer_error {
    std::string type;
    std::string reason;
};
[[nodiscard]] answer_error read_answer_error(std::string_view body);

}  // namespace logpipe::opensearch
