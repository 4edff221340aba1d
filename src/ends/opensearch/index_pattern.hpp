// The name of an index as it is written in a URI: one index, or a name for each day, week, month or year and for each
// tag. No I/O.
//
//     nginx-logs                 one index
//     nginx-logs-%Y.%m.%d        one a day; %Y.%m one a month, %Y one a year, %G-w%V one an ISO week
//     logs-{tag}-%Y.%m           and one for each of the tags that are named
#pragma once

#include "logpipe/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// A value.
class index_pattern final {
  public:
    /// The time that one index holds, UTC.
    struct period {
        std::chrono::sys_days begin;
        std::chrono::sys_days end;
        friend bool operator==(period const&, period const&) = default;
    };

    /// @return errc::invalid_argument for what cannot be an index, and for dates that do not name one time
    [[nodiscard]] static result<index_pattern> parse(std::string_view text);

    [[nodiscard]] std::string const& text() const noexcept { return text_; }
    [[nodiscard]] bool is_one_index() const noexcept { return !has_period() && !has_tag_; }
    [[nodiscard]] bool has_period() const noexcept { return unit_ != unit::none; }
    [[nodiscard]] bool has_tag() const noexcept { return has_tag_; }
    /// The index of that time and tag. @param tag  as in an index's name, see tag_in_index()
    [[nodiscard]] std::string name(std::chrono::sys_days day, std::string_view tag) const;
    /// The period of a day. Only where has_period().
    [[nodiscard]] period period_of(std::chrono::sys_days day) const;
    /// The period of one of its indices; none for another index. Only where has_period().
    [[nodiscard]] std::optional<period> period_of_index(std::string_view index) const;
    /// An expression for all of its indices in requests, "nginx-logs-*"; the name of one index.
    [[nodiscard]] std::string expression() const;
    /// For readers: what stands before the first varying part, "nginx-logs".
    [[nodiscard]] std::string alias() const;
    /// One name for all of them, "nginx-logs-rolling"; that of the one index.
    [[nodiscard]] std::string common_name() const;

  private:
    enum class unit : std::uint8_t { none, year, month, week, day };
    struct part {
        char what = 0;  // of %Y and the like; 't': the tag; 0: text
        std::string text;
    };

    std::string text_;
    std::vector<part> parts_;
    unit unit_ = unit::none;
    bool has_tag_ = false;
};

/// What may stand in an index's name: upper case becomes lower, everything else that is not allowed a dash.
[[nodiscard]] std::string tag_in_index(std::string_view tag);

}  // namespace logpipe::opensearch
