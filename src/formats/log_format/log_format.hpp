// An nginx log_format string, compiled: literals between variables.
// https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format
#pragma once

#include "core/short_prefix.hpp"
#include "logpipe/result.hpp"
#include "text/text_parser.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// Immutable, so any thread may use it.
///
/// A variable's value goes to where the literal after it first begins, the last one's to the line's end; further where
/// only then the next one has its form. Between two quotes a
/// quote with a backslash before it is part of the value. Values of the variables that have one form ($status,
/// $time_local …) must have it, so that a line of another format is not taken for one of this.
class log_line_format final : public text_parser {
  public:
    /// @param text  as in nginx's configuration, without its quotes: `$remote_addr - ${remote_user} [$time_local]`
    /// @return errc::invalid_argument: no variable, two of one name, or two without anything between them
    [[nodiscard]] static result<log_line_format> compile(std::string_view text);

    [[nodiscard]] bool parse(std::string_view line, text_members& into, std::string& reason) const override;

  private:
    enum class form : std::uint8_t {
        any,
        status,  ///< three digits
        number,  ///< digits
        count,   ///< the same, or -, which is 0: Apache's %b
        time,    ///< 17/May/2015:08:05:32 +0000
        rest,    ///< all that follows, which may be nothing
    };
    struct variable {
        member_key key;
        form has;
        bool quoted;
        std::string literal;  ///< after it
        short_prefix literal_begin;

        /// Whether the literal is at `at` of a line that goes to `end`.
        [[nodiscard]] bool ends_at(char const* at, char const* end) const noexcept {
            if (static_cast<std::size_t>(end - at) < literal.size() || !literal_begin.is_at(at)) return false;
            return literal.size() <= short_prefix::bytes_max || std::string_view{at, end}.starts_with(literal);
        }
    };

    [[nodiscard]] static form form_of(std::string_view name) noexcept;
    [[nodiscard]] static std::size_t end_of(variable const& which, std::string_view line, std::size_t begin) noexcept;
    [[nodiscard]] static bool has_form(form wanted, std::string_view value) noexcept;
    struct two_values {
        std::string_view first;
        std::string_view second;
    };
    /// A user's name may hold what ends it, as " [": a longer value of `text` that lets `next` have its form, if any.
    [[nodiscard]] static std::optional<two_values> lengthened(variable const& text, std::string_view value,
                                                              variable const& next, std::string_view line) noexcept;
    /// Most lines are plain, and each value ends at the first byte that may end it. They are read in one pass.
    /// @return false: it may be of the format all the same; what was added is to be taken back
    [[nodiscard]] bool parse_plain(std::string_view line, text_members& into) const;
    [[nodiscard]] static bool add_plain(variable const& which, std::string_view value, text_members& into);
    /// @param values  as many as there are variables; it fills them
    [[nodiscard]] bool split(std::string_view line, std::string_view* values, std::string& reason) const;
    static void add(variable const& which, std::string_view value, text_members& into);

    std::string before_;  ///< literal before the first variable
    std::vector<variable> variables_;
};

}  // namespace logpipe::formats
