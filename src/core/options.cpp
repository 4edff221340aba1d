#include "core/options.hpp"

#include "core/log.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace logpipe {

std::string bytes_text(std::uint64_t bytes) {
    for (auto const& [shift, unit] : {std::pair{30U, 'G'}, {20U, 'M'}, {10U, 'K'}})
        if (bytes != 0 && bytes % (std::uint64_t{1} << shift) == 0) return fmt::format("{}{}", bytes >> shift, unit);
    return fmt::format("{}", bytes);
}

void say_lowered(option_values const& values, std::string_view option, std::string_view words) {
    if (values.is_default(option)) {
        log_info("{}", words);
    } else {
        log_warn("{}", words);
    }
}

std::string duration_text(std::chrono::milliseconds time) {
    for (auto const& [factor, unit] : {std::pair{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}})
        if (time.count() != 0 && time.count() % factor == 0) return fmt::format("{}{}", time.count() / factor, unit);
    return time.count() == 0 ? "0" : fmt::format("{}ms", time.count());
}

std::optional<std::size_t> choice_index(std::string_view choices, std::string_view value) noexcept {
    std::size_t index = 0;
    for (;; ++index) {
        auto const bar = choices.find('|');
        if (choices.substr(0, bar) == value) return index;
        if (bar == std::string_view::npos) return std::nullopt;
        choices.remove_prefix(bar + 1);
    }
}

std::string_view choice_at(std::string_view choices, std::size_t index) noexcept {
    for (; index > 0; --index) choices.remove_prefix(std::min(choices.find('|'), choices.size() - 1) + 1);
    return choices.substr(0, choices.find('|'));
}

std::vector<std::string> default_values(option const& row) {
    if (row.kind == option_kind::list && row.fallback.empty()) return {};
    return {row.fallback};
}

result<std::string> secret_line(option_values const& values, std::string_view name) {
    auto lines = values.secret(name);
    if (lines) lines->resize(std::min(lines->find('\n'), lines->size()));
    return lines;
}

}  // namespace logpipe
