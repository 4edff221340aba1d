#include "engine_time.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

namespace logpipe::docker {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

/// Takes exactly `digits` digits from the front.
bool take_number(std::string_view& text, std::size_t digits, int& into) noexcept {
    if (text.size() < digits) return false;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + digits, into);
    if (failed != std::errc{} || end != text.data() + digits || into < 0) return false;
    text.remove_prefix(digits);
    return true;
}

bool take(std::string_view& text, char what) noexcept {
    if (!text.starts_with(what)) return false;
    text.remove_prefix(1);
    return true;
}

/// What stands behind the decimal point; digits beyond the ninth are passed over.
bool take_fraction(std::string_view& text, std::int64_t& into_ns) noexcept {
    std::int64_t worth = second_ns / 10;
    bool any = false;
    while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
        into_ns += (text.front() - '0') * worth;
        worth /= 10;
        any = true;
        text.remove_prefix(1);
    }
    return any;
}

bool take_offset(std::string_view& text, std::int64_t& seconds) noexcept {
    if (take(text, 'Z')) return true;
    bool const west = text.starts_with('-');
    int hours = 0;
    int minutes = 0;
    if (!take(text, '+') && !take(text, '-')) return false;
    if (!take_number(text, 2, hours) || !take(text, ':') || !take_number(text, 2, minutes)) return false;
    seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

}  // namespace

std::optional<std::int64_t> parse_engine_time(std::string_view text) noexcept {
    using namespace std::chrono;
    int year_is = 0, month_is = 0, day_is = 0, hour_is = 0, minute_is = 0, second_is = 0;
    if (!take_number(text, 4, year_is) || !take(text, '-') || !take_number(text, 2, month_is) || !take(text, '-') ||
        !take_number(text, 2, day_is) || !take(text, 'T') || !take_number(text, 2, hour_is) || !take(text, ':') ||
        !take_number(text, 2, minute_is) || !take(text, ':') || !take_number(text, 2, second_is))
        return std::nullopt;
    std::int64_t fraction_ns = 0;
    std::int64_t offset_seconds = 0;
    if (take(text, '.') && !take_fraction(text, fraction_ns)) return std::nullopt;
    if (!take_offset(text, offset_seconds) || !text.empty()) return std::nullopt;
    year_month_day const date{year{year_is}, month{static_cast<unsigned>(month_is)},
                              day{static_cast<unsigned>(day_is)}};
    // What 64 bits of nanoseconds can hold, and Loki takes.
    if (!date.ok() || year_is < 1970 || year_is > 2261 || hour_is > 23 || minute_is > 59 || second_is > 60)
        return std::nullopt;
    auto const days = sys_days{date}.time_since_epoch();
    auto const seconds_are =
        std::int64_t{days.count()} * 86'400 + hour_is * 3600 + minute_is * 60 + second_is - offset_seconds;
    return seconds_are * second_ns + fraction_ns;
}

std::string since_text(std::int64_t time_ns) {
    return fmt::format("{}.{:09}", time_ns / second_ns, time_ns % second_ns);
}

}  // namespace logpipe::docker
