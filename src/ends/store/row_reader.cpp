#include "row_reader.hpp"

#include <charconv>
#include <cstring>

namespace logpipe::store {

namespace {

[[nodiscard]] std::string_view without_space_behind(std::string_view bytes) noexcept {
    while (!bytes.empty() && static_cast<unsigned char>(bytes.back()) <= ' ') bytes.remove_suffix(1);
    return bytes;
}

[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view digits) noexcept {
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string_view row_reader::key_of(simdjson::ondemand::field& field) const noexcept {
    // A key that is spelled with escapes is none of ours: the transform writes them plainly.
    char const* const begin = field.key().raw();
    char const* end = begin;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    return {begin, end};
}

std::optional<std::string_view> row_reader::text_of(simdjson::ondemand::value& value) const {
    auto const token = without_space_behind(value.raw_json_token());
    if (token.empty() || token == "null" || token.front() == '{' || token.front() == '[') return std::nullopt;
    if (token.front() != '"') return token;
    if (!has_escapes_) return token.substr(1, token.size() - 2);
    std::string_view text;
    if (value.get_string().get(text)) return std::nullopt;
    return text;
}

std::optional<std::int64_t> row_reader::integer_of(simdjson::ondemand::value& value) const {
    auto token = without_space_behind(value.raw_json_token());
    // A number that someone wrote as a text is still that number.
    if (token.size() > 2 && token.front() == '"') token = token.substr(1, token.size() - 2);
    return parse_integer(token);
}

bool row_reader::take_event(simdjson::ondemand::value& value, document_row& row) const {
    simdjson::ondemand::object event;
    if (value.get_object().get(event)) return true;
    for (auto member : event) {
        if (member.error()) return false;
        auto& field = member.value_unsafe();
        auto const key = key_of(field);
        if (key == "remote_ip") {
            row.remote_ip = text_of(field.value());
        } else if (key == "request") {
            row.request = text_of(field.value());
        } else if (key == "response") {
            row.response = integer_of(field.value());
        } else if (key == "bytes") {
            row.bytes = integer_of(field.value());
        } else if (key == "referrer") {
            row.referrer = text_of(field.value());
        } else if (key == "agent") {
            row.agent = text_of(field.value());
        }
    }
    return true;
}

bool row_reader::take_fields(simdjson::ondemand::value& value, document_row& row) const {
    simdjson::ondemand::object fields;
    if (value.get_object().get(fields)) return true;
    for (auto member : fields) {
        if (member.error()) return false;
        auto& field = member.value_unsafe();
        if (key_of(field) == "region") row.region = text_of(field.value());
    }
    return true;
}

bool row_reader::take_top(simdjson::ondemand::field& field, document_row& row) const {
    auto const key = key_of(field);
    if (key == "event") return take_event(field.value(), row);
    if (key == "fields") return take_fields(field.value(), row);
    if (key == "time") row.time_ms = integer_of(field.value());
    return true;
}

bool row_reader::read(std::string_view document, document_row& row) {
    row = {};
    has_escapes_ = std::memchr(document.data(), '\\', document.size()) != nullptr;
    simdjson::padded_string_view const padded{document.data(), document.size(), document.size() + padding_bytes};
    simdjson::ondemand::document parsed;
    simdjson::ondemand::object members;
    if (parser_.iterate(padded).get(parsed) || parsed.get_object().get(members)) return false;
    for (auto member : members) {
        if (!member.error() && take_top(member.value_unsafe(), row)) continue;
        row = {};
        return false;
    }
    return true;
}

}  // namespace logpipe::store
