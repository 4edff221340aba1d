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

namespace logpipe {

/// What the reply is cut down to: 30 bytes an item that was indexed, and still a statement about each; of an error
/// also the reasons of its causes (`**` is one level or more).
inline constexpr std::string_view bulk_filter =
    "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.**.reason";

enum class item_fate : std::uint8_t {
    indexed,
    already_there,  ///< a document with this id is: the event met itself
    again,          ///< not now: that item again
    hold,           ///< not until an operator has done something; that item again, slowly
    refused,        ///< never: a dead letter
};

enum class request_fate : std::uint8_t {
    answered,  ///< each item has its fate
    again,
    hold,
    split,  ///< too large as a whole
};

struct bulk_outcome {
    request_fate request = request_fate::answered;
    std::string why;               ///< for all but `answered`: one line for people
    std::vector<item_fate> items;  ///< of `answered`: as many as were sent, in their order
    /// Index and words for the items whose fate is again, hold or refused, by index.
    std::vector<std::pair<std::uint32_t, std::string>> reasons;
};

/// @param type  `error.type` of the item; empty where it has no error
[[nodiscard]] item_fate fate_of_item(std::uint64_t status, std::string_view type) noexcept;
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

}  // namespace logpipe
