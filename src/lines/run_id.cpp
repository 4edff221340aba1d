#include "core/clock.hpp"
#include "lines/lines.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <random>

namespace logpipe::lines {

namespace {

/// The digits of `text` at `begin`; -1 where something else stands.
int number_at(std::string_view text, std::size_t begin, std::size_t count) noexcept {
    int value = 0;
    for (char const c : text.substr(begin, count)) {
        if (c < '0' || c > '9') return -1;
        value = value * 10 + (c - '0');
    }
    return value;
}

}  // namespace

std::string make_run_id() {
    auto const time = iso_time(now_ns());  // 2026-01-31T01:31:39.995Z
    std::random_device random;
    auto const bits = (std::uint64_t{random()} << 32U | random()) & 0xffff'ffff'ffffU;
    return fmt::format("{}{}{}T{}{}{}Z-{:012x}", time.substr(0, 4), time.substr(5, 2), time.substr(8, 2),
                       time.substr(11, 2), time.substr(14, 2), time.substr(17, 2), bits);
}

std::int64_t run_time_ns(std::string_view run_id) noexcept {
    using namespace std::chrono;
    // 20260131T013139Z, then whatever.
    if (run_id.size() < 16 || run_id[8] != 'T' || run_id[15] != 'Z') return 0;
    auto const date = year{number_at(run_id, 0, 4)} / number_at(run_id, 4, 2) / number_at(run_id, 6, 2);
    auto const hour = number_at(run_id, 9, 2);
    auto const minute = number_at(run_id, 11, 2);
    auto const second = number_at(run_id, 13, 2);
    // Nanoseconds since 1970 in 64 bits end in the year 2262.
    bool const known = date.ok() && date.year() >= year{1970} && date.year() < year{2262} && hour >= 0 && hour < 24 &&
                       minute >= 0 && minute < 60 && second >= 0 && second < 60;
    if (!known) return 0;
    auto const time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second};
    return duration_cast<nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace logpipe::lines
