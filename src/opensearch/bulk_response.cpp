#include "bulk_response.hpp"

#include "base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe {

namespace {

namespace ondemand = simdjson::ondemand;

/// A reason may quote the document; a dead letter has that by itself.
constexpr std::size_t reason_bytes_max = 1024;

std::string cut(std::string_view text) {
    if (text.size() <= reason_bytes_max) return std::string{text};
    auto bytes = reason_bytes_max;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
    return std::string{text.substr(0, bytes)} + "…";
}

/// The index is not as it must be, whatever the document: status 400, but nothing for the dead letters.
constexpr std::array<std::string_view, 3> held_types{"index_closed_exception", "invalid_index_name_exception",
                                                     "validation_exception"};

constexpr bool passes(std::uint64_t status) noexcept {
    return status == 408 || status == 429 || status >= 500;
}

error not_understood(simdjson::error_code code) {
    return error{errc::protocol, fmt::format("the answer is not as expected: {}", simdjson::error_message(code))};
}

std::string with_padding(std::string_view text) {
    std::string padded;
    padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    padded = text;
    return padded;
}

}  // namespace

item_fate fate_of_item(std::uint64_t status, std::string_view type) noexcept {
    if (status == 200 || status == 201) return item_fate::indexed;
    // Another conflict would say nothing of our document being there.
    if (status == 409) return type == "version_conflict_engine_exception" ? item_fate::already_there : item_fate::again;
    if (passes(status) || type == "cluster_block_exception") return item_fate::again;
    if (status == 401 || status == 403 || status == 404) return item_fate::hold;
    if (status >= 400)
        return std::ranges::find(held_types, type) != held_types.end() ? item_fate::hold : item_fate::refused;
    return item_fate::again;
}

request_fate fate_of_request(unsigned status, std::string_view type) noexcept {
    if (status == 200) return request_fate::answered;
    if (status == 413) return request_fate::split;
    if (passes(status) || type == "cluster_block_exception") return request_fate::again;
    return request_fate::hold;
}

void bulk_response_reader::read(unsigned status, std::string& body, std::size_t item_count, bulk_outcome& into) {
    into.why.clear();
    into.items.clear();
    into.reasons.clear();
    if (status != 200) return read_refusal(status, body, into);
    into.request = request_fate::answered;
    auto read = read_items(body, item_count, into);
    if (read) return;
    into.request = request_fate::again;
    into.why = std::move(read.error().message);
}

void bulk_response_reader::read_refusal(unsigned status, std::string& body, bulk_outcome& into) {
    auto const [type, reason] = read_answer_error(body);
    into.request = fate_of_request(status, type);
    into.why = fmt::format("HTTP {}", status);
    for (auto const& words : {std::string_view{type}, std::string_view{reason}})
        if (!words.empty()) into.why.append(": ").append(words);
}

result<> bulk_response_reader::read_items(std::string& body, std::size_t item_count, bulk_outcome& into) {
    body.reserve(body.size() + padding_bytes);
    ondemand::document document;
    if (auto const bad = parser_.iterate(body).get(document)) return not_understood(bad);
    ondemand::object answer;
    if (auto const bad = document.get_object().get(answer)) return not_understood(bad);
    for (auto member : answer) {
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
        return error{errc::protocol, "the answer is not as expected: bytes behind its end"};
    if (into.items.size() != item_count)
        return error{errc::protocol,
                     fmt::format("the answer is about {} items, {} were sent", into.items.size(), item_count)};
    return {};
}

result<> bulk_response_reader::read_item(ondemand::value item, bulk_outcome& into) {
    ondemand::object actions;
    if (auto const bad = item.get_object().get(actions)) return not_understood(bad);
    std::size_t action_count = 0;
    std::uint64_t status = 0;
    std::string_view type;
    std::string_view reason;
    for (auto action : actions) {  // there is one, "create"
        ++action_count;
        ondemand::object members;
        if (auto const bad = action.value().get_object().get(members)) return not_understood(bad);
        for (auto member : members) {
            ondemand::field field;
            if (auto const bad = std::move(member).get(field)) return not_understood(bad);
            if (field.key() == "status") {
                if (auto const bad = field.value().get_uint64().get(status)) return not_understood(bad);
            } else if (field.key() == "error") {
                ondemand::object words;
                if (auto const bad = field.value().get_object().get(words)) return not_understood(bad);
                for (auto word : words) {
                    ondemand::field text;
                    if (auto const bad = std::move(word).get(text)) return not_understood(bad);
                    bool const is_type = text.key() == "type";
                    if (!is_type && text.key() != "reason") continue;
                    // A reason may be null.
                    auto& into_text = is_type ? type : reason;
                    auto const bad = text.value().get_string().get(into_text);
                    if (bad && bad != simdjson::INCORRECT_TYPE) return not_understood(bad);
                }
            }
        }
    }
    if (action_count != 1 || status < 100 || status > 599)
        return error{errc::protocol, "the answer is not as expected: an item without a status"};
    auto const fate = fate_of_item(status, type);
    if (fate != item_fate::indexed && fate != item_fate::already_there)
        into.reasons.emplace_back(static_cast<std::uint32_t>(into.items.size()),
                                  fmt::format("{} {}: {}", status, type, cut(reason)));
    into.items.push_back(fate);
    return {};
}

answer_error read_answer_error(std::string_view body) {
    answer_error read;
    auto padded = with_padding(body);
    ondemand::parser parser;
    ondemand::document document;
    ondemand::value problem;
    if (!parser.iterate(padded).get(document) && !document["error"].get(problem)) {
        std::string_view text;
        if (ondemand::object words; !problem.get_object().get(words)) {
            if (!words["type"].get_string().get(text)) read.type = text;
            if (!words["reason"].get_string().get(text)) read.reason = cut(text);
            return read;
        }
        if (!problem.get_string().get(text)) read.reason = cut(text);
        return read;
    }
    // A proxy's page, or the security plugin's one word.
    auto const line = body.substr(0, std::min(body.find_first_of("\r\n"), std::size_t{200}));
    if (is_utf8(line)) read.reason = line;
    return read;
}

}  // namespace logpipe
