// What the response to a `_bulk` request means, for the request and for each of its items. No I/O.
#pragma once

#include "bulk_outcome.hpp"

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

/// @param type, reason  of the item's `error`; empty where it has none
[[nodiscard]] item_fate fate_of_item(std::uint64_t status, std::string_view type, std::string_view reason) noexcept;
/// @param words  as in item_reason
[[nodiscard]] bool names_document(std::string_view words) noexcept;
/// @param type  `error.type` of the whole response; empty where it has none
[[nodiscard]] request_fate fate_of_request(unsigned status, std::string_view type) noexcept;

/// Its buffers are kept from response to response. One thread.
class bulk_response_reader final {
  public:
    /// Capacity that `body` is given after its end.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    /// Never fails: what cannot be understood is retried, since the ids make a duplicate harmless.
    /// @param item_count  how many were sent
    void read(unsigned status, std::string& body, std::size_t item_count, bulk_outcome& into);

  private:
    [[nodiscard]] result<> read_items(std::string& body, std::size_t item_count, bulk_outcome& into);
    [[nodiscard]] result<> read_item(simdjson::ondemand::value item, bulk_outcome& into);
    void read_rejection(unsigned status, std::string& body, bulk_outcome& into);

    simdjson::ondemand::parser parser_;
};

/// `error.type` of a response that is an error as a whole, and its reason with those of its causes; for one that is not
/// such JSON, the reason is its first bytes.
struct error_response {
    std::string type;
    std::string reason;
};
[[nodiscard]] error_response read_error_response(std::string_view body);

}  // namespace logpipe::opensearch
