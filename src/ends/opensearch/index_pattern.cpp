#include "index_pattern.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace logpipe::opensearch {

namespace {

using namespace std::chrono;

constexpr std::string_view tag_part = "{tag}";
/// What OpenSearch rejects (MetadataCreateIndexService.validateIndexOrAliasName and its callers), only later.
constexpr std::string_view never_in_names = "\\/*?\"<>| ,#:";

bool may_be_in_name(char c) {
    return !('A' <= c && c <= 'Z') && !never_in_names.contains(c);
}

struct iso_week {
    int year = 0;
    int week = 0;
};

sys_days monday_of(sys_days day) {
    return day - (weekday{day} - Monday);
}

/// ISO 8601: a week belongs to the year of its Thursday.
iso_week week_of(sys_days day) {
    auto const thursday = monday_of(day) + days{3};
    year_month_day const date{thursday};
    return {static_cast<int>(date.year()),
            static_cast<int>((thursday - sys_days{date.year() / January / 1}).count() / 7) + 1};
}

int digits_of(char what) {
    return what == 'Y' || what == 'G' ? 4 : 2;
}

int value_of(char what, sys_days day) {
    year_month_day const date{day};
    switch (what) {
        case 'Y':
            return static_cast<int>(date.year());
        case 'm':
            return static_cast<int>(static_cast<unsigned>(date.month()));
        case 'd':
            return static_cast<int>(static_cast<unsigned>(date.day()));
        case 'G':
            return week_of(day).year;
        default:
            return week_of(day).week;
    }
}

error unusable(std::string_view text, std::string_view why) {
    return {errc::invalid_argument, fmt::format("invalid index name \"{}\": {}", text, why)};
}

}  // namespace

result<index_pattern> index_pattern::parse(std::string_view text) {
    index_pattern made;
    made.text_ = text;
    std::string dates;
    for (std::size_t i = 0; i < text.size();) {
        if (text.substr(i).starts_with(tag_part)) {
            if (made.has_tag_) return unusable(text, "{tag} is there twice");
            made.has_tag_ = true;
            made.parts_.push_back({.what = 't', .text = {}});
            i += tag_part.size();
            continue;
        }
        if (text[i] == '%') {
            auto const what = i + 1 < text.size() ? text[i + 1] : '\0';
            if (what == '\0' || !std::string_view{"YmdGV"}.contains(what) || dates.contains(what))
                return unusable(text, "expected each of %Y %m %d %G %V at most once");
            dates.push_back(what);
            made.parts_.push_back({.what = what, .text = {}});
            i += 2;
            continue;
        }
        if (!may_be_in_name(text[i]) || text[i] == '{' || text[i] == '}')
            return unusable(text,
                            "expected lower case, without \\ / * ? \" < > | , # : and spaces, with dates such as "
                            "-%Y.%m.%d, and {tag}");
        if (made.parts_.empty() || made.parts_.back().what != 0) made.parts_.push_back({});
        made.parts_.back().text.push_back(text[i++]);
    }
    std::ranges::sort(dates);
    if (dates == "Ydm") {
        made.unit_ = unit::day;
    } else if (dates == "Ym") {
        made.unit_ = unit::month;
    } else if (dates == "Y") {
        made.unit_ = unit::year;
    } else if (dates == "GV") {
        made.unit_ = unit::week;
    } else if (!dates.empty()) {
        return unusable(text, "expected %Y.%m.%d, %Y.%m, %Y or %G-w%V: others do not name one time");
    }
    if (text.empty() || text == "." || text == ".." || std::string_view{"-_+"}.contains(text.front()))
        return unusable(text, "expected one that does not begin with - _ +");
    if (made.parts_.front().what != 0)
        return unusable(text, "expected letters before the first date or tag, by which its indices are found");
    return made;
}

std::string index_pattern::name(sys_days day, std::string_view tag) const {
    std::string made;
    for (auto const& each : parts_) {
        if (each.what == 0)
            made += each.text;
        else if (each.what == 't')
            made += tag;
        else
            made += fmt::format("{:0{}}", value_of(each.what, day), digits_of(each.what));
    }
    return made;
}

index_pattern::period index_pattern::period_of(sys_days day) const {
    year_month_day const date{day};
    switch (unit_) {
        case unit::year: {
            auto const begin = date.year() / January / 1;
            return {begin, begin + years{1}};
        }
        case unit::month: {
            auto const begin = date.year() / date.month() / 1;
            return {begin, begin + months{1}};
        }
        case unit::week:
            return {monday_of(day), monday_of(day) + weeks{1}};
        default:
            return {day, day + days{1}};
    }
}

std::optional<index_pattern::period> index_pattern::period_of_index(std::string_view index) const {
    // Everything but the tag has a known length, so what is left is the tag.
    std::size_t known = 0;
    for (auto const& each : parts_)
        if (each.what != 't')
            known += each.what == 0 ? each.text.size() : static_cast<std::size_t>(digits_of(each.what));
    if (index.size() < known || (!has_tag_ && index.size() != known)) return std::nullopt;
    auto const tag_bytes = index.size() - known;
    std::size_t at = 0;
    int year_number = 0;
    int month_number = 1;
    int day_number = 1;
    int week_number = 1;
    std::string_view tag;
    for (auto const& each : parts_) {
        auto const bytes = each.what == 0     ? each.text.size()
                           : each.what == 't' ? tag_bytes
                                              : static_cast<std::size_t>(digits_of(each.what));
        auto const text = index.substr(at, bytes);
        at += bytes;
        if (each.what == 0 && text != each.text) return std::nullopt;
        if (each.what == 't') tag = text;
        if (each.what == 0 || each.what == 't') continue;
        int number = 0;
        auto const read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
        (each.what == 'm'   ? month_number
         : each.what == 'd' ? day_number
         : each.what == 'V' ? week_number
                            : year_number) = number;
    }
    // The fourth of January is in the first week of its year.
    auto const first = year{year_number} / month{static_cast<unsigned>(month_number)} /
                       std::chrono::day{static_cast<unsigned>(day_number)};
    if (!first.ok()) return std::nullopt;
    auto const when =
        unit_ == unit::week ? monday_of(year{year_number} / January / 4) + weeks{week_number - 1} : sys_days{first};
    if (name(when, tag) != index) return std::nullopt;
    return period_of(when);
}

std::string index_pattern::expression() const {
    return is_one_index() ? text_ : parts_.front().text + '*';
}

std::string index_pattern::alias() const {
    auto const& text = parts_.front().text;
    return text.substr(0, text.find_last_not_of("-._") + 1);
}

std::string index_pattern::common_name() const {
    return is_one_index() ? text_ : parts_.front().text + "rolling";
}

std::string tag_in_index(std::string_view tag) {
    std::string made;
    for (char const c : tag) {
        auto const lower = 'A' <= c && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        made.push_back(may_be_in_name(lower) && lower > ' ' ? lower : '-');
    }
    return made;
}

}  // namespace logpipe::opensearch
