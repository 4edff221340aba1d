#include "json_line.hpp"

#include <fmt/format.h>

#include <cstring>

namespace logpipe {

std::string quoted_for_reason(std::string_view text) {
    constexpr std::size_t shown_bytes_max = 64;
    if (text.size() <= shown_bytes_max) return fmt::format("\"{}\"", text);
    std::size_t bytes = shown_bytes_max;
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
    return fmt::format("\"{}…\"", text.substr(0, bytes));
}

error json_line_reader::refusal(simdjson::error_code code) {
    using namespace simdjson;
    switch (code) {
        case UTF8_ERROR:
            return error{errc::rejected, "not UTF-8"};
        case UNCLOSED_STRING:
            return error{errc::rejected, "cut off within a text"};
        case INCOMPLETE_ARRAY_OR_OBJECT:
            return error{errc::rejected, "cut off: a bracket is not closed"};
        case UNESCAPED_CHARS:
            return error{errc::rejected, "not JSON: a control character within a text"};
        default:
            return error{errc::rejected, fmt::format("not JSON: {}", error_message(code))};
    }
}

result<> json_line_reader::begin(std::string_view line) {
    auto const first = line.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return error{errc::rejected, "an empty line"};
    has_escapes_ = std::memchr(line.data(), '\\', line.size()) != nullptr;
    simdjson::padded_string_view const padded{line.data(), line.size(), line.size() + padding_bytes};
    if (auto const failed = parser_.iterate(padded).get(document_)) return refusal(failed);
    if (line[first] != '{') return error{errc::rejected, "not a JSON object"};
    return {};
}

std::string_view json_line_reader::raw_text(json_key key) const noexcept {
    char const* end = key.raw;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    return {key.raw, end};
}

result<std::string_view> json_line_reader::checked_container(value& member, json_key key) {
    // simdjson finds the end by counting brackets; whether they match, and what is between them, is checked below.
    std::string_view raw;
    if (member.raw_json_token().front() == '{') {
        simdjson::ondemand::object object;
        if (auto const failed = member.get_object().get(object)) return refusal(failed);
        if (auto const failed = object.raw_json().get(raw)) return refusal(failed);
    } else {
        simdjson::ondemand::array array;
        if (auto const failed = member.get_array().get(array)) return refusal(failed);
        if (auto const failed = array.raw_json().get(raw)) return refusal(failed);
    }
    raw = without_space_behind(raw);
    if (!is_json_value(raw))
        return error{errc::rejected, fmt::format("not JSON, or nested deeper than {}: the value of {}", nesting_max,
                                                 quoted_for_reason(raw_text(key)))};
    return raw;
}

}  // namespace logpipe
