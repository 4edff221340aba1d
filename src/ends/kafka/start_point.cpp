#include "start_point.hpp"

#include "core/clock.hpp"
#include "rdkafka_handles.hpp"

#include <fmt/format.h>

namespace logpipe::kafka {

result<std::int64_t> parse_start_point(std::string_view text) {
    if (text == "beginning") return std::int64_t{RD_KAFKA_OFFSET_BEGINNING};
    if (text == "end") return std::int64_t{RD_KAFKA_OFFSET_END};
    if (auto const time_ns = parse_iso_time(text); time_ns && *time_ns >= 0) return *time_ns / 1'000'000;
    return error{
        errc::invalid_argument,
        fmt::format("kafka: invalid start \"{}\": expected beginning, end, or a time such as 2026-01-31T01:31:39Z",
                    text)};
}

}  // namespace logpipe::kafka
