#include "line_time.hpp"

#include "access_time.hpp"
#include "core/clock.hpp"
#include "document_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
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

}  // namespace

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

std::string_view example_of(time_format form) noexcept {
    return form == time_format::any      ? "17/May/2015:08:05:32 +0000, 2015-05-17T08:05:32Z or 1431849932.123"
           : form == time_format::access ? "17/May/2015:08:05:32 +0000"
                                         : "2015-05-17T08:05:32Z";
}

void write_times(plan_step const& step, std::int64_t time_ns, std::string& into) {
    constexpr auto value_bytes_max = exact_iso_time_bytes_max + 2;  // quotes; milliseconds have fewer digits
    auto capacity = document_writer::block_bytes;
    for (auto const& part : step.parts) capacity += part.bytes.size() + value_bytes_max;
    into.resize_and_overwrite(capacity, [&](char* data, std::size_t) {
        document_writer to{data};
        for (auto const& part : step.parts) {
            if (part.what != field_source::constant && time_ns == 0) continue;
            bool const is_first = part.bytes.starts_with(',') && to.at() != data && to.at()[-1] == '{';
            to.put(std::string_view{part.bytes}.substr(is_first ? 1 : 0));
            if (part.what == field_source::time) {
                to.put('"');
                to.add_written(write_exact_iso_time(time_ns, to.at()));
                to.put('"');
            } else if (part.what == field_source::time_millis) {
                to.put_number(std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds{time_ns}).count());
            }
        }
        return static_cast<std::size_t>(to.at() - data);
    });
}

}  // namespace logpipe::formats
