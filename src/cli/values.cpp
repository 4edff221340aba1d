// The text forms of option values.
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace logpipe::cli {

namespace {

struct unit {
    std::string_view name;
    std::uint64_t factor;
};

constexpr std::array duration_units{unit{"ms", 1}, unit{"s", 1000}, unit{"m", 60'000}, unit{"h", 3'600'000},
                                    unit{"d", 86'400'000}};
constexpr std::array byte_units{unit{"", 1},
                                unit{"B", 1},
                                unit{"K", 1ULL << 10U},
                                unit{"KiB", 1ULL << 10U},
                                unit{"M", 1ULL << 20U},
                                unit{"MiB", 1ULL << 20U},
                                unit{"G", 1ULL << 30U},
                                unit{"GiB", 1ULL << 30U}};

result<std::uint64_t> parse_with_unit(std::string_view text, std::span<unit const> units, std::string_view examples) {
    auto const bad = [&](std::string_view reason) {
        return error{errc::invalid_argument, fmt::format("\"{}\" {}; write it as {}", text, reason, examples)};
    };
    std::uint64_t number = 0;
    auto const [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc{}) return bad("does not begin with a number");
    std::string_view const suffix{end, static_cast<std::size_t>(text.data() + text.size() - end)};
    auto const found = std::ranges::find(units, suffix, &unit::name);
    if (found == units.end()) return bad("has no known unit");
    // Half the range is kept free, so that callers may add and convert without overflow.
    if (number > std::numeric_limits<std::uint64_t>::max() / 2 / found->factor / 1'000'000) return bad("is too large");
    return number * found->factor;
}

}  // namespace

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    if (text == "0") return std::chrono::milliseconds{0};
    auto const parsed = parse_with_unit(text, duration_units, "500ms, 30s, 10m, 24h or 7d");
    if (!parsed) return parsed.error();
    return std::chrono::milliseconds{*parsed};
}

result<std::uint64_t> parse_bytes(std::string_view text) {
    return parse_with_unit(text, byte_units, "4096, 64K, 16M or 8G");
}

}  // namespace logpipe::cli
