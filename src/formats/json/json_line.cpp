#include "json/json_line.hpp"

#include "json/mended_json.hpp"
#include "text/byte_block.hpp"

#include <fmt/format.h>

namespace logpipe::formats {

std::string json_line_reader::reason_of(simdjson::error_code code) {
    using namespace simdjson;
    switch (code) {
        case UTF8_ERROR:
            return "not UTF-8";
        case UNCLOSED_STRING:
            return "cut off within a text";
        case INCOMPLETE_ARRAY_OR_OBJECT:
            return "cut off: a bracket is not closed";
        case UNESCAPED_CHARS:
            return "not JSON: a control character within a text";
        default:
            return fmt::format("not JSON: {}", error_message(code));
    }
}

bool json_line_reader::begin(std::string_view line, std::string& reason) {
    auto const first = line.starts_with('{') ? 0 : line.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) {
        reason = "an empty line";
        return false;
    }
    repairs_ = repair::none;
    if (auto const failed = iterate(line)) {
        reason = reason_of(failed);
        return false;
    }
    if (line[first] == '{') return true;
    reason = "not a JSON object";
    return false;
}

simdjson::error_code json_line_reader::iterate(std::string_view line) {
    auto const iterate = [this](std::string_view text) {
        return parser_.iterate(simdjson::padded_string_view{text.data(), text.size(), text.size() + padding_bytes})
            .get(document_);
    };
    auto const first = line.find('\\');
    has_escapes_ = first != std::string_view::npos;
    bool const has_hex = has_escapes_ && repairs_allowed_ && contains_pair(line.substr(first), '\\', 'x');
    auto failed = has_hex ? simdjson::UTF8_ERROR : iterate(line);
    if (failed != simdjson::UTF8_ERROR || !repairs_allowed_) return failed;
    repairs_ = mend_json(line, mended_);
    mended_.reserve(mended_.size() + padding_bytes);
    has_escapes_ = mended_.contains('\\');
    return iterate(mended_);
}

bool json_line_reader::decode_key(simdjson::ondemand::field& field, std::string& reason) {
    decoded_key_ = raw_text(field.key().raw());
    auto const* const end = decoded_key_.data() + decoded_key_.size();
    if (find_byte(decoded_key_.data(), end, '\\') == end) [[likely]]
        return true;
    if (has_valid_escapes(decoded_key_) && !field.unescaped_key().get(decoded_key_)) return true;
    reason = "not JSON: a key with a broken escape";
    return false;
}

std::string_view json_line_reader::checked_container(value& member, char const* key, std::string& reason) {
    // simdjson finds the end by counting brackets; whether they match, and what is between them, is checked below.
    simdjson::simdjson_result<std::string_view> raw;
    if (member.raw_json_token().front() == '{') {
        simdjson::ondemand::object object;
        auto const failed = member.get_object().get(object);
        raw = failed ? failed : object.raw_json();
    } else {
        simdjson::ondemand::array array;
        auto const failed = member.get_array().get(array);
        raw = failed ? failed : array.raw_json();
    }
    if (raw.error()) {
        reason = reason_of(raw.error());
        return {};
    }
    auto const bytes = without_space_behind(raw.value_unsafe());
    if (is_json_value(bytes)) return bytes;
    reason = fmt::format("not JSON, or nested deeper than {}: the value of {}", nesting_max,
                         quoted_for_reason(raw_text(key)));
    return {};
}

}  // namespace logpipe::formats
