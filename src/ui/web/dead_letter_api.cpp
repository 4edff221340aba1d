#include "dead_letter_api.hpp"

#include "codec/base64.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>

namespace logpipe::web {

namespace {

constexpr std::int64_t letters_max = 1'000;
constexpr std::int64_t letters_usual = 100;

/// Without the beginning of a character that the end cuts off.
std::string_view whole_characters(std::string_view text) {
    for (std::size_t i = 1; i <= std::min<std::size_t>(3, text.size()); ++i) {
        auto const byte = static_cast<unsigned char>(text[text.size() - i]);
        if ((byte & 0xc0U) == 0x80U) continue;  // in the middle of one
        std::size_t const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return length > i ? text.substr(0, text.size() - i) : text;
    }
    return text;
}

void write_record(json_object& to, shown_dead_letter const& letter) {
    std::string_view shown = letter.record;
    if (shown.size() < letter.record_bytes && is_utf8(whole_characters(shown))) shown = whole_characters(shown);
    if (is_utf8(shown)) {
        to.add("record", shown);
    } else {
        std::string encoded(codec::base64_bytes(shown.size()), '\0');
        codec::write_base64(encoded.data(), shown);
        to.add("record_base64", encoded);
    }
    to.add("record_bytes", letter.record_bytes);
}

void write_dead_letter(json_object&& to, shown_dead_letter const& letter) {
    to.add("id", letter.id.text());
    to.add("time", letter.time);
    to.add("stage", letter.stage);
    to.add("reason", letter.reason);
    to.add("origin", letter.origin);
    to.add("tag", letter.tag);
    to.add("attempts", letter.attempts);
    to.add("parts", letter.parts);
    to.add("found", letter.parts_found);
    write_record(to, letter);
}

result<dead_letter_selection> selection_of(std::string_view body) {
    error const wrong{errc::invalid_argument, R"(The body must be {"ids":["…"]} or {"all":true}.)"};
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(body, failed);
    auto const* const from = failed ? nullptr : parsed.if_object();
    if (from == nullptr) return wrong;
    dead_letter_selection selection;
    if (auto const* all = from->if_contains("all")) {
        if (from->size() != 1 || !all->is_bool() || !all->get_bool()) return wrong;
        selection.all = true;
        return selection;
    }
    auto const* const ids = from->if_contains("ids");
    if (from->size() != 1 || ids == nullptr || !ids->is_array() || ids->get_array().empty()) return wrong;
    for (auto const& each : ids->get_array()) {
        auto const id =
            each.is_string() ? event_id::parse({each.get_string().data(), each.get_string().size()}) : std::nullopt;
        if (!id) return wrong;
        selection.ids.push_back(*id);
    }
    return selection;
}

}  // namespace

web_response dead_letters_response(dead_letter_admin& admin, query_pairs const& query) {
    std::int64_t limit = letters_usual;
    for (auto const& [name, value] : query) {
        if (name != "limit") return problem_response(400, "There is limit only.");
        auto const number = parse_number(name, value, 0, letters_max);
        if (!number) return error_response(number.error());
        limit = *number;
    }
    auto const shown = admin.list(static_cast<std::size_t>(limit));
    if (!shown) return error_response(shown.error());
    return json_response(json_line([&](json_object& whole) {
        whole.add("dead_letters", shown->letters);
        whole.add("incomplete", shown->incomplete);
        whole.add("unreadable", shown->unreadable);
        whole.array("reasons", shown->reasons, [](json_object&& one, auto const& each) {
            one.add("stage", each.stage);
            one.add("reason", each.reason);
            one.add("dead_letters", each.letters);
        });
        whole.array("newest", shown->newest, write_dead_letter);
    }));
}

web_response retry_response(dead_letter_admin& admin, std::string_view body) {
    auto const selection = selection_of(body);
    if (!selection) return error_response(selection.error());
    auto const retried = admin.retry(*selection);
    if (!retried) return error_response(retried.error());
    return json_response(json_line([&](json_object& whole) { whole.add("retried", *retried); }));
}

}  // namespace logpipe::web
