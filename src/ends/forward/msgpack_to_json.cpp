#include "msgpack_to_json.hpp"

#include "message_part.hpp"

#include <cmath>

namespace logpipe::forward {

std::string_view describe(transcode_problem problem) noexcept {
    switch (problem) {
        case transcode_problem::none:
            return "nothing";
        case transcode_problem::broken:
            return "the bytes are not msgpack";
        case transcode_problem::too_deep:
            return "the record is nested too deeply";
        case transcode_problem::bad_key:
            return "a key of the record is an array, a map or an extension";
    }
    return "unknown";
}

transcode_problem msgpack_to_json::value(std::uint32_t nesting_max) {
    msgpack_token token;
    if (from_.next(token) != msgpack_problem::none) return transcode_problem::broken;
    switch (token.type()) {
        case msgpack_type::array:
            return array(token.header.value, nesting_max);
        case msgpack_type::map:
            return map(token.header.value, nesting_max);
        default:
            scalar(token);
            return transcode_problem::none;
    }
}

transcode_problem msgpack_to_json::array(std::uint64_t count, std::uint32_t nesting_max) {
    if (nesting_max == 0) return transcode_problem::too_deep;
    to_.raw('[');
    for (std::uint64_t i = 0; i < count; ++i) {
        if (i != 0) to_.raw(',');
        if (auto const problem = value(nesting_max - 1); problem != transcode_problem::none) return problem;
    }
    to_.raw(']');
    return transcode_problem::none;
}

transcode_problem msgpack_to_json::map(std::uint64_t count, std::uint32_t nesting_max) {
    if (nesting_max == 0) return transcode_problem::too_deep;
    to_.raw('{');
    for (std::uint64_t i = 0; i < count; ++i) {
        if (!keys_.copy(i, from_, to_))
            if (auto const problem = key(i); problem != transcode_problem::none) return problem;
        if (auto const problem = value(nesting_max - 1); problem != transcode_problem::none) return problem;
    }
    to_.raw('}');
    return transcode_problem::none;
}

transcode_problem msgpack_to_json::key(std::uint64_t index) {
    auto const begin = from_.position();
    auto const written = to_.written();
    auto const escaped = escaped_strings_;
    if (index != 0) to_.raw(',');
    if (auto const problem = key_text(); problem != transcode_problem::none) return problem;
    to_.raw(':');
    // A key that is known would not be seen.
    if (escaped_strings_ == escaped && !has_part_key_) keys_.remember(index, from_.since(begin), to_.since(written));
    return transcode_problem::none;
}

transcode_problem msgpack_to_json::key_text() {
    msgpack_token token;
    if (from_.next(token) != msgpack_problem::none) return transcode_problem::broken;
    switch (token.type()) {
        case msgpack_type::array:
        case msgpack_type::map:
        case msgpack_type::extension:
            return transcode_problem::bad_key;
        case msgpack_type::string:
        case msgpack_type::binary:
            has_part_key_ = has_part_key_ || token.payload == message_part::key;
            scalar(token);
            return transcode_problem::none;
        default:
            break;
    }
    // NaN and the infinities bring their own quotes.
    auto const is_quoted = token.type() == msgpack_type::real && !std::isfinite(token.real());
    if (!is_quoted) to_.raw('"');
    scalar(token);
    if (!is_quoted) to_.raw('"');
    return transcode_problem::none;
}

void msgpack_to_json::scalar(msgpack_token const& token) {
    switch (token.type()) {
        case msgpack_type::nil:
            return to_.raw("null");
        case msgpack_type::boolean:
            return to_.raw(token.header.value != 0 ? "true" : "false");
        case msgpack_type::unsigned_integer:
            return to_.unsigned_integer(token.header.value);
        case msgpack_type::signed_integer:
            return to_.integer(static_cast<std::int64_t>(token.header.value));
        case msgpack_type::real:
            return to_.real(token.real());
        case msgpack_type::string:
        case msgpack_type::binary:
            if (!to_.string(token.payload)) ++escaped_strings_;
            return;
        case msgpack_type::extension:
            to_.raw("{\"ext_type\":");
            to_.integer(token.header.extension_type);
            to_.raw(",\"base64\":\"");
            to_.base64(token.payload);
            return to_.raw("\"}");
        case msgpack_type::array:
        case msgpack_type::map:
            return;  // not scalars: value() and key() have taken them
    }
}

}  // namespace logpipe::forward
