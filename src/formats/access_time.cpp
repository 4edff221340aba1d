#include "access_time.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace logpipe::formats {

namespace {

constexpr std::size_t text_bytes = std::string_view{"dd/Mmm/yyyy:hh:mm:ss +hhmm"}.size();

constexpr std::uint32_t packed(char const* name) noexcept {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[0])) << 16U |
           static_cast<std::uint32_t>(static_cast<unsigned char>(name[1])) << 8U |
           static_cast<std::uint32_t>(static_cast<unsigned char>(name[2]));
}

constexpr std::array<std::uint32_t, 12> months = {packed("Jan"), packed("Feb"), packed("Mar"), packed("Apr"),
                                                  packed("May"), packed("Jun"), packed("Jul"), packed("Aug"),
                                                  packed("Sep"), packed("Oct"), packed("Nov"), packed("Dec")};

/// 13 for a name that is none.
[[nodiscard]] unsigned month_number(char const* name) noexcept {
    return static_cast<unsigned>(std::ranges::find(months, packed(name)) - months.begin()) + 1;
}

}  // namespace

std::optional<std::int64_t> parse_access_time(std::string_view text) noexcept {
    using namespace std::chrono;
    if (text.size() != text_bytes) return std::nullopt;
    char const* const at = text.data();
    bool good = at[2] == '/' && at[6] == '/' && at[11] == ':' && at[14] == ':' && at[17] == ':' && at[20] == ' ' &&
                (at[21] == '+' || at[21] == '-');
    auto const two_digits = [&](std::size_t i) {
        auto const tens = static_cast<unsigned char>(at[i] - '0');
        auto const ones = static_cast<unsigned char>(at[i + 1] - '0');
        good &= tens <= 9 && ones <= 9;
        return tens * 10 + ones;
    };
    year_month_day const date{year{two_digits(7) * 100 + two_digits(9)}, month{month_number(at + 3)},
                              day{static_cast<unsigned>(two_digits(0))}};
    int const hour = two_digits(12);
    int const minute = two_digits(15);
    int const second = two_digits(18);
    int const offset_hours = two_digits(22);
    int const offset_minutes = two_digits(24);
    if (!good) return std::nullopt;
    // 60 is a leap second; it counts as the first second of the next minute.
    if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    int const offset = offset_hours * 60 + offset_minutes;
    if (offset_minutes > 59 || offset > 14 * 60) return std::nullopt;
    if (static_cast<int>(date.year()) < 1678 || static_cast<int>(date.year()) > 2261) return std::nullopt;

    auto const east = minutes{at[21] == '+' ? offset : -offset};
    sys_time<nanoseconds> const time = sys_days{date} + hours{hour} + minutes{minute} + seconds{second} - east;
    return time.time_since_epoch().count();
}

std::optional<std::int64_t> access_time_in_json(std::string_view value) noexcept {
    if (!value.starts_with('"')) return std::nullopt;
    auto const text = value.substr(1, value.size() - 2);
    if (text.size() == text_bytes) return parse_access_time(text);
    std::array<char, text_bytes + 1> plain;
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < text.size() && bytes < plain.size(); ++i)
        if (!text.substr(i).starts_with("\\/")) plain[bytes++] = text[i];
    return parse_access_time({plain.data(), bytes});
}

}  // namespace logpipe::formats
