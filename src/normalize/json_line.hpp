// One line as a JSON object: its top-level members as they stand in the line, checked, without a tree and without a
// copy.
#pragma once

#include "json_text.hpp"
#include "logpipe/result.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe {

/// A key of a line.
struct json_key {
    char const* raw;        ///< behind the opening quote, in the line
    std::string_view text;  ///< without escapes, until the next line; of a line without escapes it is not set
};

/// Reads lines one after the other with one simdjson parser, whose memory grows to the longest line seen.
/// One thread. All views it gives point into the line.
class json_line_reader final {
  public:
    /// Bytes that must be readable behind each line; what they hold does not matter.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    /// Calls `visit(json_key, std::string_view value)` for each member in order. The value is valid JSON, byte for byte
    /// as in the line. `visit` returns result<>; its first error ends the walk and is returned.
    /// @return errc::rejected with the reason where the line is not exactly one JSON object.
    template <class Visit>
    [[nodiscard]] result<> read(std::string_view line, Visit&& visit);

    /// As it stands in the line, without the quotes.
    [[nodiscard]] std::string_view raw_text(json_key key) const noexcept;
    /// Without escapes.
    [[nodiscard]] std::string_view text(json_key key) const noexcept { return has_escapes_ ? key.text : raw_text(key); }

  private:
    using value = simdjson::ondemand::value;

    [[nodiscard]] result<> begin(std::string_view line);
    [[nodiscard]] result<std::string_view> checked_value(value& member, json_key key);
    [[nodiscard]] result<std::string_view> checked_container(value& member, json_key key);
    [[nodiscard]] static std::string_view without_space_behind(std::string_view bytes) noexcept;
    [[nodiscard]] bool plain(std::string_view token) const noexcept;
    [[nodiscard]] static error refusal(simdjson::error_code code);

    simdjson::ondemand::parser parser_;
    simdjson::ondemand::document document_;
    bool has_escapes_ = false;  ///< a line without any backslash has only plain keys and texts
};

/// For a reason that people read: in quotes, cut to 64 bytes at a character's border.
[[nodiscard]] std::string quoted_for_reason(std::string_view text);

inline std::string_view json_line_reader::without_space_behind(std::string_view bytes) noexcept {
    while (bytes.size() > 1 &&
           (bytes.back() == ' ' || bytes.back() == '\t' || bytes.back() == '\n' || bytes.back() == '\r'))
        bytes.remove_suffix(1);
    return bytes;
}

inline bool json_line_reader::plain(std::string_view token) const noexcept {
    // simdjson has found where texts end and that they hold no control characters; only escapes are left to check.
    if (token.front() == '"' && !has_escapes_) return token.size() >= 2 && token.back() == '"';
    return is_json_scalar(token);
}

inline result<std::string_view> json_line_reader::checked_value(value& member, json_key key) {
    std::string_view token = member.raw_json_token();
    if (token.front() == '{' || token.front() == '[') return checked_container(member, key);
    token = without_space_behind(token);
    if (!plain(token))
        return error{errc::rejected, fmt::format("not JSON: the value of {}", quoted_for_reason(raw_text(key)))};
    return token;
}

template <class Visit>
result<> json_line_reader::read(std::string_view line, Visit&& visit) {
    if (auto opened = begin(line); !opened) return opened;
    simdjson::ondemand::object members;
    if (auto const failed = document_.get_object().get(members)) return refusal(failed);
    for (auto member : members) {
        if (member.error()) return refusal(member.error());
        simdjson::ondemand::field field = std::move(member).value_unsafe();
        json_key key{.raw = field.key().raw(), .text = {}};
        if (has_escapes_) {
            if (!is_json_scalar({key.raw - 1, raw_text(key).size() + 2}))
                return error{errc::rejected, "not JSON: a key with a broken escape"};
            if (auto const failed = field.unescaped_key().get(key.text)) return refusal(failed);
        }
        auto value_text = checked_value(field.value(), key);
        if (!value_text) return value_text.error();
        if (result<> taken = visit(key, *value_text); !taken) return taken;
    }
    if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS)
        return error{errc::rejected, "not one JSON object: there is more behind it"};
    return {};
}

}  // namespace logpipe
