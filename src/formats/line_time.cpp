#include "line_time.hpp"

#include "access_time.hpp"
#include "core/clock.hpp"
#include "document_writer.hpp"

#include <chrono>
#include <cstddef>

namespace logpipe::formats {

namespace {

std::optional<std::int64_t> iso_time_in_json(std::string_view value) noexcept {
    if (value.size() < 2 || !value.starts_with('"')) return std::nullopt;
    return parse_iso_time(value.substr(1, value.size() - 2));
}

}  // namespace

std::optional<std::int64_t> time_in_json(time_format form, std::string_view value) noexcept {
    return form == time_format::access ? access_time_in_json(value) : iso_time_in_json(value);
}

std::string_view example_of(time_format form) noexcept {
    return form == time_format::access ? "17/May/2015:08:05:32 +0000" : "2015-05-17T08:05:32Z";
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
