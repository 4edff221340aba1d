// JSON as bytes: checking values that are copied as they stand. simdjson reads on demand and so
// looks only at what is asked for; what nobody asks it about is checked here before it goes into a document.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace logpipe::formats {

/// Deepest value inside a line that is carried; a line with a deeper one is rejected.
inline constexpr std::size_t nesting_max = 64;

/// Whether `token` is digits without a 0 in front, which costs no call.
[[nodiscard]] inline bool is_usual_number(std::string_view token) noexcept {
    if (token.front() < '1') return false;
    for (char const c : token)
        if (c < '0' || c > '9') return false;
    return true;
}
/// Whether `token` is exactly one text, number, true, false or null. Its bytes are valid UTF-8.
[[nodiscard]] bool is_json_scalar(std::string_view token) noexcept;
/// What stands between the quotes of a text.
[[nodiscard]] inline std::string_view inside(std::string_view text) noexcept {
    return {text.data() + 1, text.size() - 2};
}
/// Whether each backslash in the inside of a text begins an escape. Reads less than a block after it.
[[nodiscard]] bool has_valid_escapes(std::string_view inside) noexcept;
/// Whether `bytes` is exactly one value, objects and arrays included, nested at most `nesting_max` deep.
[[nodiscard]] bool is_json_value(std::string_view bytes) noexcept;

/// The end of the value, so nested, that `bytes` begin with; null: they begin with none.
[[nodiscard]] char const* json_value_end(std::string_view bytes) noexcept;

/// The members of an object, one after the other. It holds JSON: is_json_value() was asked.
class json_members final {
  public:
    struct member {
        std::string_view name;  ///< as it is spelled, without quotes
        std::string_view value;
    };

    explicit json_members(std::string_view object) noexcept : left_{object.substr(1)} {}
    [[nodiscard]] std::optional<member> next() noexcept;

  private:
    std::string_view left_;
};

/// Of a list with one element, that; of another, nothing. It holds JSON.
[[nodiscard]] std::string_view only_element(std::string_view list) noexcept;

/// Of one value: the number that a text without escapes is; anything else as it is.
[[nodiscard]] std::string_view number_in(std::string_view value) noexcept;
/// Whether a value becomes a text by quotes around it: a number, true or false.
[[nodiscard]] bool needs_quotes(std::string_view value) noexcept;

}  // namespace logpipe::formats
