#include "core/clock.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>

namespace logpipe {

namespace {

void write_digits(char* out, unsigned value, unsigned count) noexcept {
    for (unsigned i = count; i > 0; --i, value /= 10) out[i - 1] = static_cast<char>('0' + value % 10);
}

/// Takes fixed pieces from the front of a text.
struct text_reader {
    std::string_view left;

    [[nodiscard]] std::optional<int> digits(std::size_t count) noexcept {
        if (left.size() < count) return std::nullopt;
        int value = 0;
        for (char const c : left.substr(0, count)) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
        left.remove_prefix(count);
        return value;
    }
    [[nodiscard]] bool take(char c) noexcept {
        if (!left.starts_with(c)) return false;
        left.remove_prefix(1);
        return true;
    }
};

std::optional<std::chrono::sys_days> read_date(text_reader& from) noexcept {
    auto const year = from.digits(4);
    if (!year || !from.take('-')) return std::nullopt;
    auto const month = from.digits(2);
    if (!month || !from.take('-')) return std::nullopt;
    auto const day = from.digits(2);
    // What nanoseconds in 64 bits can hold.
    if (!day || *year < 1678 || *year > 2261) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

/// "HH:MM", as minutes.
std::optional<int> read_hours_minutes(text_reader& from, int hours_max) noexcept {
    auto const hours = from.digits(2);
    if (!hours || *hours > hours_max || !from.take(':')) return std::nullopt;
    auto const minutes = from.digits(2);
    if (!minutes || *minutes > 59) return std::nullopt;
    return *hours * 60 + *minutes;
}

/// Behind the seconds: ".123" of any length, of which nine digits count.
std::optional<std::int64_t> read_fraction(text_reader& from) noexcept {
    if (!from.take('.')) return 0;
    std::int64_t value = 0;
    std::size_t count = 0;
    for (; !from.left.empty() && from.left.front() >= '0' && from.left.front() <= '9'; ++count) {
        if (count < 9) value = value * 10 + (from.left.front() - '0');
        from.left.remove_prefix(1);
    }
    if (count == 0) return std::nullopt;
    for (auto i = count; i < 9; ++i) value *= 10;
    return value;
}

std::optional<std::chrono::minutes> read_zone(text_reader& from) noexcept {
    if (from.take('Z') || from.take('z')) return std::chrono::minutes{0};
    bool const west = from.left.starts_with('-');
    if (!from.take('+') && !from.take('-')) return std::nullopt;
    auto const ahead = read_hours_minutes(from, 23);
    if (!ahead) return std::nullopt;
    return std::chrono::minutes{west ? -*ahead : *ahead};
}

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) noexcept {
    using namespace std::chrono;
    text_reader from{text};
    auto const day = read_date(from);
    if (!day) return std::nullopt;
    if (from.left.empty()) return duration_cast<nanoseconds>(day->time_since_epoch()).count();
    if (!from.take('T') && !from.take('t') && !from.take(' ')) return std::nullopt;
    auto const in_day = read_hours_minutes(from, 23);
    if (!in_day || !from.take(':')) return std::nullopt;
    auto const second = from.digits(2);
    if (!second || *second > 60) return std::nullopt;  // 60: a leap second
    auto const fraction = read_fraction(from);
    if (!fraction) return std::nullopt;
    auto const ahead = read_zone(from);
    if (!ahead || !from.left.empty()) return std::nullopt;
    auto const whole = *day + minutes{*in_day} + seconds{*second} - *ahead;
    return duration_cast<nanoseconds>(whole.time_since_epoch()).count() + *fraction;
}

std::int64_t now_ns() noexcept {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::int64_t running_time_ns() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
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

std::size_t write_exact_iso_time(std::int64_t time_ns, char* out) noexcept {
    constexpr std::int64_t millisecond_ns = 1'000'000;
    write_iso_time(time_ns, out);
    auto const rest = time_ns % millisecond_ns;
    if (rest == 0) return iso_time_bytes;
    write_digits(out + iso_time_bytes - 1, static_cast<unsigned>(rest < 0 ? rest + millisecond_ns : rest), 6);
    out[exact_iso_time_bytes_max - 1] = 'Z';
    return exact_iso_time_bytes_max;
}

std::string exact_iso_time(std::int64_t time_ns) {
    std::string out(exact_iso_time_bytes_max, '\0');
    out.resize(write_exact_iso_time(time_ns, out.data()));
    return out;
}

}  // namespace logpipe
