#include "engine_time.hpp"

#include "core/clock.hpp"

#include <fmt/format.h>

namespace logpipe::docker {

std::optional<std::int64_t> parse_engine_time(std::string_view text) noexcept {
    // The engine writes a whole time, "T" included, and Loki takes none before 1970.
    if (text.size() < 11 || text[10] != 'T' || text.substr(0, 4) < "1970") return std::nullopt;
    return parse_iso_time(text);
}

std::string since_text(std::int64_t time_ns) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    return fmt::format("{}.{:09}", time_ns / second_ns, time_ns % second_ns);
}

}  // namespace logpipe::docker
