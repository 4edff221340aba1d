// One line as a JSON object: its top-level members as they stand in the line, checked, without a tree and without a
// copy. A usual line is scanned, any other is read by simdjson, which also says what is wrong with it.
#pragma once

#include "json/json_text.hpp"
#include "json/member_scan.hpp"
#include "quoted.hpp"
#include "repairs.hpp"
#include "text/escapes.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace logpipe::formats {

/// Reads lines one after the other with one simdjson parser, whose memory grows to the longest line seen.
/// One thread. All views it gives point into the line, or where something was mended in it into a copy, which holds
/// until the next line.
class json_line_reader final {
  public:
    /// Bytes that must be readable after each line; what they hold does not matter.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    explicit json_line_reader(bool repairs_allowed) : repairs_allowed_{repairs_allowed} {}

    /// Calls `visit(char const* key, std::string_view value)` for each member in order. The key begins there, after
    /// its opening quote; the value is valid JSON, byte for byte as in the line. `visit` returns false to end the walk,
    /// having set `why`.
    /// @return false, with the reason in `why`, where the line is not exactly one JSON object. (Not a result<>: making
    /// one for each member costs as much as reading it.)
    template <class Visit>
    [[nodiscard]] bool read(std::string_view line, std::string& reason, Visit&& visit);

    /// The key that is being visited as it is in the line, without the quotes.
    [[nodiscard]] std::string_view raw_text(char const* key) const noexcept {
        return is_scanned_ ? decoded_key_ : raw_key(key);
    }
    /// The same without escapes; holds until the next line.
    [[nodiscard]] std::string_view text(char const* key) const noexcept {
        return is_scanned_ || has_escapes_ ? decoded_key_ : raw_key(key);
    }

    [[nodiscard]] repair repairs() const noexcept { return repairs_; }

  private:
    using value = simdjson::ondemand::value;

    template <class Visit>
    [[nodiscard]] bool read_any(std::string_view line, std::string& reason, Visit&& visit);
    [[nodiscard]] bool begin(std::string_view line, std::string& reason);
    [[nodiscard]] simdjson::error_code iterate(std::string_view line);
    [[nodiscard]] bool decode_key(simdjson::ondemand::field& field, std::string& reason);
    /// Empty, with `why` set, where the value is not JSON.
    [[nodiscard]] std::string_view checked_value(value& member, char const* key, std::string& reason);
    [[nodiscard]] std::string_view checked_container(value& member, char const* key, std::string& reason);
    [[nodiscard]] static std::string_view without_space_behind(std::string_view bytes) noexcept;
    [[nodiscard]] bool plain(std::string_view token) const noexcept;
    [[nodiscard]] static std::string reason_of(simdjson::error_code code);

    member_scan scan_;
    bool is_scanned_ = false;  ///< the line at hand
    simdjson::ondemand::parser parser_;
    simdjson::ondemand::document document_;
    std::string_view decoded_key_;
    std::string mended_;  ///< the line at hand, where something was mended in it
    repair repairs_ = repair::none;
    bool repairs_allowed_;
    bool has_escapes_ = false;  ///< a line without any backslash has only plain keys and texts
};

inline std::string_view json_line_reader::without_space_behind(std::string_view bytes) noexcept {
    while (bytes.size() > 1 &&
           (bytes.back() == ' ' || bytes.back() == '\t' || bytes.back() == '\n' || bytes.back() == '\r'))
        bytes.remove_suffix(1);
    return bytes;
}

inline bool json_line_reader::plain(std::string_view token) const noexcept {
    // simdjson has found where texts end and that they hold no control characters; only escapes are left to check.
    if (token.front() != '"') return is_usual_number(token) || is_json_scalar(token);
    if (token.size() < 2 || token.back() != '"') return false;
    return !has_escapes_ || has_valid_escapes(inside(token));
}

inline std::string_view json_line_reader::checked_value(value& member, char const* key, std::string& reason) {
    std::string_view token = member.raw_json_token();
    if (token.front() == '{' || token.front() == '[') return checked_container(member, key, reason);
    token = without_space_behind(token);
    if (plain(token)) return token;
    reason = fmt::format("not JSON: the value of {}", quoted_for_reason(raw_text(key)));
    return {};
}

template <class Visit>
bool json_line_reader::read(std::string_view line, std::string& reason, Visit&& visit) {
    is_scanned_ = scan_.read(line);
    if (!is_scanned_) return read_any(line, reason, visit);
    repairs_ = repair::none;
    for (auto const& each : scan_.members()) {
        decoded_key_ = each.key;
        if (!visit(each.key.data(), each.value)) return false;
    }
    return true;
}

template <class Visit>
bool json_line_reader::read_any(std::string_view line, std::string& reason, Visit&& visit) {
    if (!begin(line, reason)) return false;
    simdjson::ondemand::object members;
    auto failed = document_.get_object().get(members);
    if (failed == simdjson::SUCCESS) {
        for (auto member : members) {
            if (failed = member.error(); failed != simdjson::SUCCESS) break;
            // By reference: a copy reads as one word what was just written as two, which stalls the processor.
            auto& field = member.value_unsafe();
            char const* const key = field.key().raw();
            if (has_escapes_ && !decode_key(field, reason)) return false;
            auto const value_text = checked_value(field.value(), key, reason);
            if (value_text.empty() || !visit(key, value_text)) return false;
        }
    }
    if (failed == simdjson::SUCCESS && document_.current_location().error() == simdjson::OUT_OF_BOUNDS) return true;
    reason = failed != simdjson::SUCCESS ? reason_of(failed) : "not one JSON object: more follows it";
    return false;
}

}  // namespace logpipe::formats
