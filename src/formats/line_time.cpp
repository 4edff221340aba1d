#include "line_time.hpp"

#include "access_time.hpp"
#include "core/clock.hpp"
#include "document_writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

namespace logpipe::formats {

std::optional<std::int64_t> time_in_json(time_format form, std::string_view value) noexcept {
    if (form == time_format::access) return access_time_in_json(value);
    if (value.size() < 2 || !value.starts_with('"')) return std::nullopt;
    return parse_iso_time(value.substr(1, value.size() - 2));
}

std::string_view example_of(time_format form) noexcept {
    return form == time_format::access ? "17/May/2015:08:05:32 +0000" : "2015-05-17T08:05:32Z";
}

void write_times(plan_step const& step, std::int64_t time_ns, std::string& into) {
    into.clear();
    for (auto const& part : step.parts) {
        if (part.what != field_source::constant && time_ns == 0) continue;
        bool const is_first = into.ends_with('{') && part.bytes.starts_with(',');
        into += std::string_view{part.bytes}.substr(is_first ? 1 : 0);
        if (part.what == field_source::time)
            fmt::format_to(std::back_inserter(into), "\"{}\"", exact_iso_time(time_ns));
        else if (part.what == field_source::time_millis)
            fmt::format_to(std::back_inserter(into), "{}",
                           std::chrono::floor<std::chrono::milliseconds>(std::chrono::nanoseconds{time_ns}).count());
    }
    into.reserve(into.size() + document_writer::block_bytes);
}

}  // namespace logpipe::formats
