#include "base/clock.hpp"

#include <algorithm>
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

}  // namespace logpipe
