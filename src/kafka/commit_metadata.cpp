#include "commit_metadata.hpp"

#include <fmt/format.h>

#include <charconv>

namespace logpipe {

namespace {

constexpr std::string_view prefix = "lp1";

template <class Number>
bool take_number(std::string_view& text, Number& into) noexcept {
    if (!text.starts_with(' ')) return false;
    auto const [end, failed] = std::from_chars(text.data() + 1, text.data() + text.size(), into);
    if (failed != std::errc{}) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return true;
}

}  // namespace

std::string to_text(commit_metadata const& metadata) {
    auto const& counts = metadata.counts;
    return fmt::format("{} {} {} {} {} {}", prefix, metadata.counted_from, counts.in, counts.indexed,
                       counts.already_there, counts.dead);
}

std::optional<commit_metadata> parse_commit_metadata(std::string_view text) noexcept {
    if (!text.starts_with(prefix)) return std::nullopt;
    text.remove_prefix(prefix.size());
    commit_metadata out;
    auto& counts = out.counts;
    if (!take_number(text, out.counted_from) || out.counted_from < 0) return std::nullopt;
    for (auto* each : {&counts.in, &counts.indexed, &counts.already_there, &counts.dead})
        if (!take_number(text, *each)) return std::nullopt;
    if (!text.empty()) return std::nullopt;
    return out;
}

}  // namespace logpipe
