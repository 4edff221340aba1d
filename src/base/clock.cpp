#include "base/clock.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace logpipe {

namespace {

void write_digits(char* out, unsigned value, unsigned count) noexcept {
    for (unsigned i = count; i > 0; --i, value /= 10) out[i - 1] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

void write_iso_time(std::int64_t time_ns, char* out) noexcept {
    using namespace std::chrono;
    auto const time = floor<milliseconds>(sys_time<nanoseconds>{nanoseconds{time_ns}});
    auto const day = floor<days>(time);
    year_month_day const date{day};
    auto const in_day = time - day;
    auto const seconds_of_day = static_cast<unsigned>(duration_cast<seconds>(in_day).count());
    write_digits(out, static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999)), 4);
    out[4] = '-';
    write_digits(out + 5, static_cast<unsigned>(date.month()), 2);
    out[7] = '-';
    write_digits(out + 8, static_cast<unsigned>(date.day()), 2);
    out[10] = 'T';
    write_digits(out + 11, seconds_of_day / 3600, 2);
    out[13] = ':';
    write_digits(out + 14, seconds_of_day / 60 % 60, 2);
    out[16] = ':';
    write_digits(out + 17, seconds_of_day % 60, 2);
    out[19] = '.';
    write_digits(out + 20, static_cast<unsigned>(in_day.count() % 1000), 3);
    out[23] = 'Z';
}

std::string iso_time(std::int64_t time_ns) {
    std::string out(iso_time_bytes, '\0');
    write_iso_time(time_ns, out.data());
    return out;
}

namespace {

/// Takes exactly `digits` digits and, where it is not 0, the character behind them.
bool take_field(std::string_view& text, std::size_t digits, char then, int& into) noexcept {
    auto const bytes = digits + (then == 0 ? 0U : 1U);
    if (text.size() < bytes || text.front() < '0' || text.front() > '9') return false;
    auto const end = text.data() + digits;
    if (std::from_chars(text.data(), end, into).ptr != end) return false;
    if (then != 0 && (text[digits] | 0x20) != (then | 0x20)) return false;
    text.remove_prefix(bytes);
    return true;
}

/// Of at most nine digits behind the point; more are read and mean nothing.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) noexcept {
    if (!text.starts_with('.')) return std::chrono::nanoseconds{0};
    text.remove_prefix(1);
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
        if (digits < 9) value = value * 10 + (text[digits] - '0');
    if (digits == 0) return std::nullopt;
    for (auto i = digits; i < 9; ++i) value *= 10;
    text.remove_prefix(digits);
    return std::chrono::nanoseconds{value};
}

std::optional<std::chrono::minutes> take_zone(std::string_view text) noexcept {
    if (text == "Z" || text == "z") return std::chrono::minutes{0};
    bool const west = text.starts_with('-');
    if (!west && !text.starts_with('+')) return std::nullopt;
    text.remove_prefix(1);
    int hours = 0;
    int minutes = 0;
    if (!take_field(text, 2, ':', hours) || !take_field(text, 2, 0, minutes) || !text.empty()) return std::nullopt;
    if (hours > 23 || minutes > 59) return std::nullopt;
    auto const ahead = std::chrono::minutes{hours * 60 + minutes};
    return west ? -ahead : ahead;
}

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) noexcept {
    using namespace std::chrono;
    int years = 0;
    int months = 0;
    int days_of_month = 0;
    int hours_of_day = 0;
    int minutes_of_hour = 0;
    int seconds_of_minute = 0;
    if (!take_field(text, 4, '-', years) || !take_field(text, 2, '-', months) ||
        !take_field(text, 2, 'T', days_of_month) || !take_field(text, 2, ':', hours_of_day) ||
        !take_field(text, 2, ':', minutes_of_hour) || !take_field(text, 2, 0, seconds_of_minute))
        return std::nullopt;
    auto const fraction = take_fraction(text);
    auto const zone = fraction ? take_zone(text) : std::nullopt;
    year_month_day const date{year{years}, month{static_cast<unsigned>(months)},
                              day{static_cast<unsigned>(days_of_month)}};
    // Nanoseconds in 64 bits are over in 2262 and begin in 1677.
    if (!zone || !date.ok() || years < 1678 || years > 2261) return std::nullopt;
    if (hours_of_day > 23 || minutes_of_hour > 59 || seconds_of_minute > 60) return std::nullopt;
    auto const time = sys_time<nanoseconds>{sys_days{date}} + hours{hours_of_day} + minutes{minutes_of_hour} +
                      seconds{seconds_of_minute} + *fraction - *zone;
    return time.time_since_epoch().count();
}

}  // namespace logpipe
