#include "access_time.hpp"

#include <array>
#include <chrono>

namespace logpipe {

namespace {

constexpr std::string_view form = "dd/mmm/dddd:dd:dd:dd sdddd";
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

[[nodiscard]] bool has_form(std::string_view text) noexcept {
    if (text.size() != form.size()) return false;
    for (std::size_t i = 0; i < form.size(); ++i) {
        bool const good = form[i] == 'd'   ? text[i] >= '0' && text[i] <= '9'
                          : form[i] == 's' ? text[i] == '+' || text[i] == '-'
                          : form[i] == 'm' ? true
                                           : text[i] == form[i];
        if (!good) return false;
    }
    return true;
}

[[nodiscard]] int number(std::string_view digits) noexcept {
    int value = 0;
    for (char const c : digits) value = value * 10 + (c - '0');
    return value;
}

[[nodiscard]] unsigned month_number(std::string_view name) noexcept {
    for (unsigned i = 0; i < months.size(); ++i)
        if (months[i] == name) return i + 1;
    return 0;
}

}  // namespace

std::optional<std::int64_t> parse_access_time(std::string_view text) noexcept {
    using namespace std::chrono;
    if (!has_form(text)) return std::nullopt;
    year_month_day const date{year{number(text.substr(7, 4))}, month{month_number(text.substr(3, 3))},
                              day{static_cast<unsigned>(number(text.substr(0, 2)))}};
    int const hour = number(text.substr(12, 2));
    int const minute = number(text.substr(15, 2));
    int const second = number(text.substr(18, 2));
    int const offset_minutes = number(text.substr(22, 2)) * 60 + number(text.substr(24, 2));
    // 60 is a leap second; it counts as the first second of the next minute.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    if (number(text.substr(24, 2)) > 59 || offset_minutes > 14 * 60) return std::nullopt;
    if (static_cast<int>(date.year()) < 1678 || static_cast<int>(date.year()) > 2261) return std::nullopt;

    auto const east = minutes{text[21] == '+' ? offset_minutes : -offset_minutes};
    sys_time<nanoseconds> const time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - east;
    return time.time_since_epoch().count();
}

}  // namespace logpipe
