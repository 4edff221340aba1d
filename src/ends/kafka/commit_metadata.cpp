#include "commit_metadata.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace logpipe::kafka {

namespace {

constexpr std::string_view prefix = "lp2";
constexpr std::string_view prefix_with_dropped = "lp3";
constexpr std::string_view prefix_without_passed = "lp1";
constexpr std::size_t topic_id_bytes = 22;  // of 16 in base64

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
    auto const& passed = metadata.passed;
    bool const has_dropped = counts.dropped > 0;
    return fmt::format("{} {} {} {} {} {}{} {} {} {}{}{}", has_dropped ? prefix_with_dropped : prefix,
                       metadata.counted_from, counts.in, counts.indexed, counts.duplicates, counts.dead,
                       has_dropped ? fmt::format(" {}", counts.dropped) : std::string{}, passed.tombstones, passed.gaps,
                       passed.expired, metadata.topic_id.empty() ? "" : " ", metadata.topic_id);
}

std::optional<commit_metadata> parse_commit_metadata(std::string_view text, std::int64_t committed) {
    bool const with_dropped = text.starts_with(prefix_with_dropped);
    bool const with_passed = with_dropped || text.starts_with(prefix);
    if (!with_passed && !text.starts_with(prefix_without_passed)) return std::nullopt;
    text.remove_prefix(prefix.size());
    commit_metadata out;
    auto& counts = out.counts;
    if (!take_number(text, out.counted_from) || out.counted_from < 0) return std::nullopt;
    for (auto* each : {&counts.in, &counts.indexed, &counts.duplicates, &counts.dead})
        if (!take_number(text, *each)) return std::nullopt;
    if (with_dropped && !take_number(text, counts.dropped)) return std::nullopt;
    if (with_passed) {
        for (auto* each : {&out.passed.tombstones, &out.passed.gaps, &out.passed.expired})
            if (!take_number(text, *each)) return std::nullopt;
        if (text.size() == 1 + topic_id_bytes && text.starts_with(' ')) {
            out.topic_id = text.substr(1);
            text = {};
        }
    } else {
        auto const offsets = static_cast<std::uint64_t>(std::max<std::int64_t>(0, committed - out.counted_from));
        out.passed.gaps = offsets - std::min(offsets, counts.in);
    }
    if (!text.empty()) return std::nullopt;
    return out;
}

}  // namespace logpipe::kafka
