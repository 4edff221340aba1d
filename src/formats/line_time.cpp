#include "line_time.hpp"

#include "access_time.hpp"
#include "core/bytes.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <system_error>

namespace logpipe::formats {

namespace {

std::optional<std::int64_t> iso_time_in_json(std::string_view value) noexcept {
    if (value.size() < 2 || !value.starts_with('"')) return std::nullopt;
    return parse_iso_time(value.substr(1, value.size() - 2));
}

/// "1795939202.123" and the like: the digits before the point say what they count.
std::optional<std::int64_t> epoch_time(std::string_view text) noexcept {
    auto const point = std::min(text.find('.'), text.size());
    auto const whole = text.substr(0, point);
    auto fraction = text.substr(std::min(point + 1, text.size()));
    std::int64_t value = 0;
    auto const read = std::from_chars(whole.data(), whole.data() + whole.size(), value);
    if (read.ec != std::errc{} || read.ptr != whole.data() + whole.size() || value < 0) return std::nullopt;
    // Seconds of the year 1973 have 9 digits, those of 5138 have 11.
    constexpr std::size_t seconds_digits_max = 11;
    std::int64_t unit_ns = 1'000'000'000;
    for (auto digits = seconds_digits_max; whole.size() > digits && unit_ns > 1; digits += 3) unit_ns /= 1000;
    std::int64_t time_ns = 0;
    if (__builtin_mul_overflow(value, unit_ns, &time_ns)) return std::nullopt;
    for (auto scale = unit_ns / 10; !fraction.empty(); fraction.remove_prefix(1), scale /= 10) {
        if (fraction.front() < '0' || fraction.front() > '9') return std::nullopt;
        time_ns += (fraction.front() - '0') * scale;
    }
    return time_ns;
}

/// nginx's error log: "2026/11/29 10:00:01".
std::optional<std::int64_t> slashed_time(std::string_view text) noexcept {
    constexpr std::size_t bytes = 19;
    if (text.size() != bytes || text[4] != '/' || text[7] != '/' || text[10] != ' ') return std::nullopt;
    std::array<char, bytes + 1> iso{};
    text.copy(iso.data(), bytes);
    iso[4] = iso[7] = '-';
    iso[10] = 'T';
    iso[bytes] = 'Z';
    return parse_iso_time({iso.data(), iso.size()});
}

std::optional<std::int64_t> any_time_in_json(std::string_view value) noexcept {
    if (auto const time = access_time_in_json(value)) return time;
    if (auto const time = iso_time_in_json(value)) return time;
    auto const text = value.starts_with('"') ? value.substr(1, value.size() - 2) : value;
    if (auto const time = slashed_time(text)) return time;
    return epoch_time(text);
}

std::optional<std::int64_t> time_in_json(time_format form, std::string_view value) noexcept {
    switch (form) {
        case time_format::access:
            return access_time_in_json(value);
        case time_format::iso:
            return iso_time_in_json(value);
        case time_format::any:
            return any_time_in_json(value);
    }
    return std::nullopt;
}

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t day_ns = 86'400 * second_ns;

/// Where what is in "17/May/2015:08:05:32 +0000", from the quote on.
constexpr std::size_t access_bytes = 28;
constexpr std::size_t time_of_day_at = 13;  ///< eight bytes; those before it and behind it are the day's

/// "08:05:32", as nanoseconds.
std::optional<std::int64_t> time_of_day(char const* at) noexcept {
    bool is_right = at[2] == ':' && at[5] == ':';
    auto const two_digits = [&](std::size_t i) {
        auto const tens = static_cast<unsigned char>(at[i] - '0');
        auto const ones = static_cast<unsigned char>(at[i + 1] - '0');
        is_right &= tens <= 9 && ones <= 9;
        return tens * 10 + ones;
    };
    auto const hour = two_digits(0);
    auto const minute = two_digits(3);
    auto const second = two_digits(6);
    if (!is_right || hour > 23 || minute > 59 || second > 60) return std::nullopt;  // 60: a leap second
    return ((hour * 60 + minute) * 60 + second) * second_ns;
}

/// Whether all but the time of day is the same.
bool is_of_same_day(char const* one, char const* other) noexcept {
    static_assert(time_of_day_at + 8 + 7 == access_bytes);
    auto const differs_at = [&](std::size_t i) {
        return load_little<std::uint64_t>(one + i) ^ load_little<std::uint64_t>(other + i);
    };
    auto const behind = differs_at(access_bytes - 8) >> 8U;  // without the last digit of the time of day
    return (differs_at(0) | differs_at(time_of_day_at - 8) | behind) == 0;
}

}  // namespace

std::optional<std::int64_t> time_reader::read(std::string_view value) {
    if (auto const time = read_of_day(value)) return time;
    if (value == text_) return time_ns_;
    auto const time = time_in_json(form_, value);
    if (time) remember(value, *time);
    return time;
}

std::optional<std::int64_t> time_reader::read_of_day(std::string_view value) const noexcept {
    if (value.size() != access_bytes || !is_of_same_day(value.data(), access_.data())) return std::nullopt;
    auto const time = time_of_day(value.data() + time_of_day_at);
    if (!time) return std::nullopt;
    return midnight_ns_ + *time;
}

void time_reader::remember(std::string_view value, std::int64_t time_ns) {
    text_ = value;
    time_ns_ = time_ns;
    // No other form has this length and a slash there.
    if (value.size() != access_bytes || value[3] != '/') return;
    std::memcpy(access_.data(), value.data(), access_.size());
    midnight_ns_ = time_ns - time_of_day(value.data() + time_of_day_at).value_or(0);
}

std::string_view example_of(time_format form) noexcept {
    return form == time_format::any      ? "17/May/2015:08:05:32 +0000, 2015-05-17T08:05:32Z or 1431849932.123"
           : form == time_format::access ? "17/May/2015:08:05:32 +0000"
                                         : "2015-05-17T08:05:32Z";
}

std::string_view written_times::of(plan_step const& step, std::int64_t time_ns) {
    if (is_written_ && time_ns_ == time_ns) return bytes_;
    time_ns_ = time_ns;
    is_written_ = true;
    write(step);
    return bytes_;
}

void written_times::write(plan_step const& step) {
    constexpr auto value_bytes_max = exact_iso_time_bytes_max + 2;  // quotes; milliseconds have fewer digits
    auto capacity = document_writer::block_bytes;
    for (auto const& part : step.parts) capacity += part.bytes.size() + value_bytes_max;
    bytes_.resize_and_overwrite(capacity, [&](char* data, std::size_t) {
        document_writer to{data};
        for (auto const& part : step.parts) {
            if (part.what != field_source::constant && time_ns_ == 0) continue;
            bool const is_first = part.bytes.starts_with(',') && to.at() != data && to.at()[-1] == '{';
            to.put_blocks({part.bytes.data() + is_first, part.bytes.size() - is_first});
            if (part.what == field_source::time) {
                to.put('"');
                to.put_blocks(iso_time());
                to.put('"');
            } else if (part.what == field_source::time_millis) {
                to.put_millis(
                    std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds{time_ns_}).count());
            }
        }
        return static_cast<std::size_t>(to.at() - data);
    });
}

/// As write_exact_iso_time() has it; of the same day, only the time is written.
std::string_view written_times::iso_time() {
    auto const time_ns = static_cast<std::uint64_t>(time_ns_);
    auto const in_day = time_ns - day_begin_ns_;
    if (in_day >= day_ns) {
        day_begin_ns_ = time_ns - static_cast<std::uint64_t>((time_ns_ % day_ns + day_ns) % day_ns);
        return {iso_.data(), write_exact_iso_time(time_ns_, iso_.data())};
    }
    auto const second = static_cast<std::uint32_t>(in_day / second_ns);
    auto const fraction = static_cast<std::uint32_t>(in_day % second_ns);
    char* const at = iso_.data();
    write_two_digits(at + 11, second / 3600);
    write_two_digits(at + 14, second / 60 % 60);
    write_two_digits(at + 17, second % 60);
    auto const milliseconds = fraction / 1'000'000;
    at[20] = static_cast<char>('0' + milliseconds / 100);
    write_two_digits(at + 21, milliseconds % 100);
    auto const rest = fraction % 1'000'000;
    at[iso_time_bytes - 1] = 'Z';
    if (rest == 0) return {at, iso_time_bytes};
    write_two_digits(at + 23, rest / 10'000);
    write_two_digits(at + 25, rest / 100 % 100);
    write_two_digits(at + 27, rest % 100);
    at[exact_iso_time_bytes_max - 1] = 'Z';
    return {at, exact_iso_time_bytes_max};
}

}  // namespace logpipe::formats
