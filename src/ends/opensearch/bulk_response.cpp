#include "bulk_response.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

namespace logpipe::opensearch {

namespace {

namespace ondemand = simdjson::ondemand;

/// All of what is kept of an error: it may quote the document, which a dead letter has anyway. With what follows, it
/// stays within 1 KiB.
constexpr std::size_t reason_bytes_max = 960;
/// How deep a chain of causes is read.
constexpr std::size_t reasons_max = 4;

void append_cut(std::string& to, std::string_view text, std::size_t bytes_max) {
    constexpr std::string_view ellipsis = "…";
    auto bytes = text.size();
    if (bytes > bytes_max) {
        bytes = bytes_max - std::min(bytes_max, ellipsis.size());
        while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
    }
    // One line: a JSON parser's words continue on the next line with the position.
    for (char const c : text.substr(0, bytes)) to.push_back(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
    if (bytes < text.size()) to += ellipsis;
}

/// An error's own reason, and those of its causes, outermost first.
struct reason_chain {
    std::array<std::string_view, reasons_max> texts;
    std::size_t count = 0;

    void add(std::string_view text) {
        if (!text.empty() && count < texts.size()) texts[count++] = text;
    }
    /// After `head`, with a bound for all of it; a long reason leaves room for its cause.
    [[nodiscard]] std::string behind(std::string head) const {
        for (std::size_t i = 0; i < count; ++i) {
            auto const left = reason_bytes_max - std::min(reason_bytes_max, head.size() + 2);
            if (i > 0) head += ": ";
            append_cut(head, texts[i], i + 1 < count ? left / 2 : left);
        }
        return head;
    }
};

/// @return the error's type
result<std::string_view> read_error(simdjson::ondemand::value from, reason_chain& into, std::size_t depth);

using words_list = std::span<std::string_view const>;

/// The index is not as it must be, whatever the document.
constexpr auto pausing_types =
    std::to_array<std::string_view>({"index_closed_exception", "invalid_index_name_exception", "validation_exception"});
/// What an illegal_argument_exception (400) or illegal_state_exception (500) says of the index's settings.
constexpr auto pausing_reasons = std::to_array<std::string_view>(
    {"no write index is defined for alias", "pipeline with id [", "non-existent pipeline ["});
/// Load, and nodes and shards that come and go: it passes, whatever the document.
constexpr auto busy_types = std::to_array<std::string_view>(
    {"cluster_block_exception", "circuit_breaking_exception", "rejected_execution_exception",
     "es_rejected_execution_exception", "unavailable_shards_exception", "no_shard_available_action_exception",
     "master_not_discovered_exception", "cluster_manager_not_discovered_exception",
     "process_cluster_event_timeout_exception", "node_closed_exception", "node_disconnected_exception",
     "node_not_connected_exception", "connect_transport_exception", "receive_timeout_transport_exception",
     "index_shard_closed_exception"});
/// Errors that no well-formed document with the right types gets.
constexpr auto document_words = std::to_array<std::string_view>(
    {"mapper_parsing_exception", "document_parsing_exception", "strict_dynamic_mapping_exception", "field [", "field '",
     "field \"", "field=", "field alias [", "mapper [", "mapping [", "mapping for ["});

constexpr bool passes(std::uint64_t status) noexcept {
    return status == 408 || status == 429 || status >= 500;
}

bool is_one_of(words_list known, std::string_view type) noexcept {
    return std::ranges::find(known, type) != known.end();
}

bool has_one_of(words_list known, std::string_view text) noexcept {
    return std::ranges::any_of(known, [&](std::string_view words) { return text.contains(words); });
}

error not_understood(simdjson::error_code code) {
    return error{errc::protocol, fmt::format("unexpected response: {}", simdjson::error_message(code))};
}

result<std::string_view> read_error(ondemand::value from, reason_chain& into, std::size_t depth) {
    std::string_view type;
    ondemand::object words;
    if (auto const bad = from.get_object().get(words)) return not_understood(bad);
    for (auto word : words) {
        ondemand::field text;
        if (auto const bad = std::move(word).get(text)) return not_understood(bad);
        auto const key = text.key();
        if (key == "caused_by") {
            if (depth + 1 >= reasons_max) continue;
            auto const cause = read_error(text.value(), into, depth + 1);
            if (!cause) return cause.error();
        } else if (key == "type" || key == "reason") {
            std::string_view read;
            auto const bad = text.value().get_string().get(read);
            if (bad && bad != simdjson::INCORRECT_TYPE) return not_understood(bad);  // a reason may be null
            if (key == "type")
                type = read;
            else
                into.add(read);
        }
    }
    return type;
}

std::string with_padding(std::string_view text) {
    std::string padded;
    padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded = text;
    return padded;
}

}  // namespace

item_fate fate_of_item(std::uint64_t status, std::string_view type, std::string_view reason) noexcept {
    if (status == 200 || status == 201) return item_fate::indexed;
    // Another conflict would say nothing of our document being there.
    if (status == 409) return type == "version_conflict_engine_exception" ? item_fate::duplicate : item_fate::retry;
    if (status == 408 || status == 429 || is_one_of(busy_types, type)) return item_fate::retry;
    if (status == 401 || status == 403 || status == 404) return item_fate::pause;
    if (is_one_of(pausing_types, type) || has_one_of(pausing_reasons, reason)) return item_fate::pause;
    if (status >= 500) return item_fate::failed;
    return status >= 400 ? item_fate::rejected : item_fate::retry;
}

bool names_document(std::string_view words) noexcept {
    return has_one_of(document_words, words);
}

request_fate fate_of_request(unsigned status, std::string_view type) noexcept {
    if (status == 200) return request_fate::per_item;
    if (status == 413) return request_fate::split;
    if (passes(status) || type == "cluster_block_exception") return request_fate::retry;
    return request_fate::pause;
}

void bulk_response_reader::read(unsigned status, std::string& body, std::size_t item_count, bulk_outcome& into) {
    into.reason.clear();
    into.items.clear();
    into.reasons.clear();
    if (status != 200) return read_rejection(status, body, into);
    into.request = request_fate::per_item;
    auto read = read_items(body, item_count, into);
    if (read) return;
    into.request = request_fate::retry;
    into.reason = std::move(read.error().message);
}

void bulk_response_reader::read_rejection(unsigned status, std::string& body, bulk_outcome& into) {
    auto const [type, reason] = read_error_response(body);
    into.request = fate_of_request(status, type);
    into.reason = fmt::format("HTTP {}", status);
    for (auto const& words : {std::string_view{type}, std::string_view{reason}})
        if (!words.empty()) into.reason.append(": ").append(words);
}

result<> bulk_response_reader::read_items(std::string& body, std::size_t item_count, bulk_outcome& into) {
    body.reserve(body.size() + padding_bytes);
    ondemand::document document;
    if (auto const bad = parser_.iterate(body).get(document)) return not_understood(bad);
    ondemand::object response;
    if (auto const bad = document.get_object().get(response)) return not_understood(bad);
    for (auto member : response) {
        ondemand::field field;
        if (auto const bad = std::move(member).get(field)) return not_understood(bad);
        if (field.key() != "items") continue;
        ondemand::array items;
        if (auto const bad = field.value().get_array().get(items)) return not_understood(bad);
        for (auto element : items) {
            ondemand::value item;
            if (auto const bad = std::move(element).get(item)) return not_understood(bad);
            if (auto taken = read_item(item, into); !taken) return taken;
        }
    }
    if (document.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return error{errc::protocol, "unexpected response: bytes after its end"};
    if (into.items.size() != item_count)
        return error{errc::protocol,
                     fmt::format("the response has {} items, {} were sent", into.items.size(), item_count)};
    return {};
}

result<> bulk_response_reader::read_item(ondemand::value item, bulk_outcome& into) {
    ondemand::object actions;
    if (auto const bad = item.get_object().get(actions)) return not_understood(bad);
    std::size_t action_count = 0;
    std::uint64_t status = 0;
    std::string_view type;
    std::optional<reason_chain> reasons;  // most items have none
    for (auto action : actions) {         // there is one, "create"
        ++action_count;
        ondemand::object members;
        if (auto const bad = action.value().get_object().get(members)) return not_understood(bad);
        for (auto member : members) {
            ondemand::field field;
            if (auto const bad = std::move(member).get(field)) return not_understood(bad);
            if (field.key() == "status") {
                if (auto const bad = field.value().get_uint64().get(status)) return not_understood(bad);
            } else if (field.key() == "error") {
                auto const read = read_error(field.value(), reasons.emplace(), 0);
                if (!read) return read.error();
                type = *read;
            }
        }
    }
    if (action_count != 1 || status < 100 || status > 599)
        return error{errc::protocol, "unexpected response: an item without a status"};
    if (status == 200 || status == 201) {  // most of them
        into.items.push_back(item_fate::indexed);
        return {};
    }
    auto const fate = fate_of_item(status, type, reasons ? reasons->texts.front() : std::string_view{});
    if (!is_stored(fate)) {
        auto words = reasons.value_or(reason_chain{}).behind(fmt::format("{} {}: ", status, type));
        bool const about_document = names_document(words);
        into.reasons.push_back({.item = static_cast<std::uint32_t>(into.items.size()),
                                .names_document = about_document,
                                .words = std::move(words)});
    }
    into.items.push_back(fate);
    return {};
}

error_response read_error_response(std::string_view body) {
    error_response read;
    auto padded = with_padding(body);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value problem;
    if (!parser.iterate(padded).get(document) && !document["error"].get(problem)) {
        reason_chain reasons;
        if (std::string_view text; !problem.get_string().get(text)) {
            reasons.add(text);
        } else if (auto const type = read_error(problem, reasons, 0)) {
            read.type = *type;
        }
        read.reason = reasons.behind({});
        return read;
    }
    // A proxy's page, or the security plugin's one word.
    auto const line = body.substr(0, std::min(body.find_first_of("\r\n"), std::size_t{200}));
    if (is_utf8(line)) read.reason = line;
    return read;
}

}  // namespace logpipe::opensearch
