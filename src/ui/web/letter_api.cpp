#include "letter_api.hpp"

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

std::string record_json(shown_letter const& letter) {
    std::string_view shown = letter.record;
    if (shown.size() < letter.record_bytes && is_utf8(whole_characters(shown))) shown = whole_characters(shown);
    if (is_utf8(shown)) return fmt::format(R"("record":{},"record_bytes":{})", json_string(shown), letter.record_bytes);
    std::string encoded(codec::base64_bytes(shown.size()), '\0');
    codec::write_base64(encoded.data(), shown);
    return fmt::format(R"("record_base64":"{}","record_bytes":{})", encoded, letter.record_bytes);
}

result<letter_choice> choice_of(std::string_view body) {
    error const wrong{errc::invalid_argument, R"(The body must be {"ids":["…"]} or {"all":true}.)"};
    boost::system::error_code failed;
    auto const parsed = boost::json::parse(body, failed);
    auto const* const from = failed ? nullptr : parsed.if_object();
    if (from == nullptr) return wrong;
    letter_choice choice;
    if (auto const* all = from->if_contains("all")) {
        if (from->size() != 1 || !all->is_bool() || !all->get_bool()) return wrong;
        choice.all = true;
        return choice;
    }
    auto const* const ids = from->if_contains("ids");
    if (from->size() != 1 || ids == nullptr || !ids->is_array() || ids->get_array().empty()) return wrong;
    for (auto const& each : ids->get_array()) {
        auto const id =
            each.is_string() ? event_id::parse({each.get_string().data(), each.get_string().size()}) : std::nullopt;
        if (!id) return wrong;
        choice.ids.push_back(*id);
    }
    return choice;
}

}  // namespace

web_answer letters_answer(letter_desk& desk, query_pairs const& query) {
    std::int64_t limit = letters_usual;
    for (auto const& [name, value] : query) {
        if (name != "limit") return problem_answer(400, "There is limit only.");
        auto const number = parse_number(name, value, 0, letters_max);
        if (!number) return error_answer(number.error());
        limit = *number;
    }
    auto const shown = desk.list(static_cast<std::size_t>(limit));
    if (!shown) return error_answer(shown.error());
    std::string reasons;
    for (auto const& each : shown->reasons)
        reasons += fmt::format(R"({}{{"stage":{},"reason":{},"letters":{}}})", reasons.empty() ? "" : ",",
                               json_string(each.stage), json_string(each.reason), each.letters);
    std::string letters;
    for (auto const& each : shown->newest)
        letters += fmt::format(R"({}{{"id":"{}","time":{},"stage":{},"reason":{},"origin":{},"tag":{},"attempts":{},)"
                               R"("parts":{},"found":{},{}}})",
                               letters.empty() ? "" : ",", each.id.text(), json_string(each.time),
                               json_string(each.stage), json_string(each.reason), json_string(each.origin),
                               json_string(each.tag), each.attempts, each.parts, each.parts_found, record_json(each));
    return json_answer(
        fmt::format("{{\"letters\":{},\"incomplete\":{},\"unreadable\":{},\"reasons\":[{}],\"newest\":[{}]}}\n",
                    shown->letters, shown->incomplete, shown->unreadable, reasons, letters));
}

web_answer retry_answer(letter_desk& desk, std::string_view body) {
    auto const choice = choice_of(body);
    if (!choice) return error_answer(choice.error());
    auto const retried = desk.retry(*choice);
    if (!retried) return error_answer(retried.error());
    return json_answer(fmt::format("{{\"retried\":{}}}\n", *retried));
}

}  // namespace logpipe::web
