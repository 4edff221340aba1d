#include "bulk_request.hpp"

#include "codec/gzip.hpp"
#include "core/assert.hpp"

#include <algorithm>
#include <cstring>

namespace logpipe::opensearch {

namespace {

constexpr std::string_view before_id = R"({"create":{"_id":")";
constexpr std::string_view before_index = R"({"create":{"_index":")";
constexpr std::string_view between_index_and_id = R"(","_id":")";
constexpr std::string_view after_id = "\"}}\n";

char* put(char* to, std::string_view bytes) noexcept {
    std::memcpy(to, bytes.data(), bytes.size());
    return to + bytes.size();
}

bool has_newline_in_text(std::string_view json) noexcept {
    bool in_text = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        if (json[i] == '"') in_text = !in_text;
        if (!in_text) continue;
        if (json[i] == '\n') return true;
        if (json[i] == '\\') ++i;
    }
    return false;
}

}  // namespace

std::size_t bulk_item::bytes() const noexcept {
    auto const before =
        index == nullptr ? before_id.size() : before_index.size() + index->size() + between_index_and_id.size();
    auto const& events = of->events;
    return before + event_id::text_bytes + after_id.size() + events.payload(events.events[row]).size() + 1;
}

bool bulk_request::fits(bulk_item const& item, bulk_limits const& limits) const noexcept {
    return empty() || (items_.size() < limits.events_max && used_ + item.bytes() <= limits.bytes_max);
}

void bulk_request::add(bulk_item item) {
    auto const& row = item.of->events.events[item.row];
    auto const document = item.of->events.payload(row);
    auto const end = used_ + item.bytes();
    if (end > buffer_.size()) buffer_.resize(std::max(end, 2 * buffer_.size()));
    char* at = buffer_.data() + used_;
    at =
        item.index == nullptr ? put(at, before_id) : put(put(put(at, before_index), *item.index), between_index_and_id);
    row.id.write_text(at);
    at = put(at + event_id::text_bytes, after_id);
    char* const document_end = put(at, document);
    // Between tokens it is white space, as a space is.
    if (item.has_newline) std::replace(at, document_end, '\n', ' ');
    *document_end = '\n';
    used_ = end;
    items_.push_back(item);
    compressed_.clear();
}

void bulk_request::assign(std::vector<bulk_item> const& items) {
    LOGPIPE_ASSERT(&items != &items_);
    bool const paused = paused_;
    clear();
    paused_ = paused;
    for (auto const& item : items) add(item);
}

void bulk_request::clear() noexcept {
    items_.clear();
    used_ = 0;
    compressed_.clear();
    paused_ = false;
}

std::string_view bulk_request::wire_bytes(bool compress) {
    if (!compress) return body();
    if (compressed_.empty()) compressed_ = codec::gzip(body());
    return compressed_;
}

bool has_newline(std::string_view payload) noexcept {
    return std::memchr(payload.data(), '\n', payload.size()) != nullptr;
}

std::optional<std::string_view> unusable_reason(std::string_view payload, bool newline) noexcept {
    constexpr std::string_view spaces = " \t\r\n";
    if (!newline && payload.starts_with('{') && payload.ends_with('}')) return std::nullopt;
    auto const first = payload.find_first_not_of(spaces);
    if (first == std::string_view::npos) return "empty";
    if (payload[first] != '{' || payload[payload.find_last_not_of(spaces)] != '}') return "not a JSON object";
    if (newline && has_newline_in_text(payload)) return "not JSON: a raw newline within a text";
    return std::nullopt;
}

}  // namespace logpipe::opensearch
