// The body of one `_bulk` request, and the events that it has. No I/O.
//
//     {"create":{"_id":"<26 characters>"}}\n
//     <document>\n
//     {"create":{"_index":"<index>","_id":"<26 characters>"}}\n     where the path names no index
//     …
// https://opensearch.org/docs/2.19/api-reference/document-apis/bulk/
#pragma once

#include "logpipe/event.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// A batch that the sink has taken. Its items may be in several requests; with the last one complete it is done.
struct pending_batch {
    batch events;
    std::size_t items = 0;                    ///< to be sent
    std::size_t items_left = 0;               ///< of them, not complete yet
    std::vector<std::uint32_t> gone;          ///< rows that became separate batches
    std::list<pending_batch>::iterator self;  ///< in the list that owns it
};

struct bulk_item {
    pending_batch* of = nullptr;         ///< outlives the item: it is kept while one is left
    std::uint32_t row = 0;               ///< index into `batch::events`
    bool has_newline = false;            ///< its payload; checked once
    std::string const* index = nullptr;  ///< outlives the item; null: that of the request's path

    /// In a request's body.
    [[nodiscard]] std::size_t bytes() const noexcept;
};

struct bulk_limits {
    std::size_t bytes_max = 0;
    std::size_t events_max = 0;
};

/// Built by the pump's thread, sent (and built again from what is left) by the network's. Its buffers are kept.
class bulk_request final {
  public:
    [[nodiscard]] bool empty() const noexcept { return items_.empty(); }
    [[nodiscard]] std::vector<bulk_item> const& items() const noexcept { return items_; }
    [[nodiscard]] std::string_view body() const noexcept { return std::string_view{buffer_}.substr(0, used_); }
    /// One document always fits into an empty one.
    [[nodiscard]] bool fits(bulk_item const& item, bulk_limits const& limits) const noexcept;
    /// The payload must be one that unusable_reason() lets pass.
    void add(bulk_item item);
    /// Only these are left, in a body built from scratch.
    void assign(std::vector<bulk_item> const& items);
    void clear() noexcept;
    /// The breaker was open when its response came. It stays so for what is left of it.
    void mark_paused() noexcept { paused_ = true; }
    [[nodiscard]] bool was_paused() const noexcept { return paused_; }
    /// Memory that it keeps when it is cleared.
    [[nodiscard]] std::size_t room_bytes() const noexcept { return buffer_.capacity() + compressed_.capacity(); }

    /// What goes over the wire: the body, or its gzip form, made once.
    [[nodiscard]] std::string_view wire_bytes(bool compress);

  private:
    std::vector<bulk_item> items_;
    std::string buffer_;  // its size is the capacity, of which used_ bytes are the body
    std::size_t used_ = 0;
    std::string compressed_;  // of the body as it is; empty: not made
    bool paused_ = false;
};

using bulk_request_ptr = std::unique_ptr<bulk_request>;

[[nodiscard]] bool has_newline(std::string_view payload) noexcept;
/// Why a payload cannot be a line of a body at all: it is not an object, or a text in it holds a raw newline. (A
/// newline between tokens is allowed: it is sent as a space.)
/// @param newline  has_newline() of it
[[nodiscard]] std::optional<std::string_view> unusable_reason(std::string_view payload, bool newline) noexcept;

}  // namespace logpipe::opensearch
