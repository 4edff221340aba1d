#include "free_request.hpp"

#include "core/log.hpp"
#include "state_file.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace logpipe::journal {

namespace {

constexpr std::size_t request_bytes_max = std::size_t{16} << 20U;

bool read_number(std::string_view& from, char after, std::uint64_t& into) {
    auto const [end, failed] = std::from_chars(from.data(), from.data() + from.size(), into);
    if (failed != std::errc{} || end == from.data() + from.size() || *end != after) return false;
    from.remove_prefix(static_cast<std::size_t>(end - from.data()) + 1);
    return true;
}

/// Where the range ends that holds `begin`. @return `begin` or less where none does
std::uint64_t end_from(std::span<offset_range const> ranges, std::uint64_t begin) noexcept {
    auto const after = std::ranges::upper_bound(ranges, begin, {}, &offset_range::begin);
    return after == ranges.begin() ? 0 : std::prev(after)->end;
}

}  // namespace

bool covers(std::span<offset_range const> ranges, std::uint64_t begin, std::uint64_t end) noexcept {
    return end_from(ranges, begin) >= end;
}

std::string free_request_path(std::string const& folder) {
    return folder + "/free";
}

std::string free_request_text(std::span<offset_range const> ranges) {
    std::string text;
    for (auto const& each : ranges) text += fmt::format("{} {}\n", each.begin, each.end);
    return text;
}

std::optional<std::vector<offset_range>> parse_free_request(std::string_view text) {
    std::vector<offset_range> ranges;
    while (!text.empty()) {
        offset_range range;
        if (!read_number(text, ' ', range.begin) || !read_number(text, '\n', range.end)) return std::nullopt;
        if (range.begin >= range.end || (!ranges.empty() && range.begin < ranges.back().end)) return std::nullopt;
        ranges.push_back(range);
    }
    return ranges;
}

result<std::optional<std::vector<offset_range>>> read_free_request(file_system& files, std::string const& folder) {
    auto const path = free_request_path(folder);
    auto const text = read_file(files, path, request_bytes_max);
    if (!text && text.error().code == errc::not_found) return std::optional<std::vector<offset_range>>{};
    if (!text) return text.error();
    auto ranges = parse_free_request(*text);
    if (ranges) return ranges;
    log_warn("journal {}: {} is not a request of logpipe's; it is removed", topic_name(folder), path);
    if (auto removed = files.remove(path); !removed) return removed.error();
    return ranges;
}

result<> remove_free_request(file_system& files, std::string const& folder) {
    return files.remove(free_request_path(folder));
}

result<> request_free(std::string const& folder, std::span<offset_range const> ranges) {
    auto& files = system_files();
    auto const segments = list_segments(files, folder);
    if (!segments) return segments.error();
    // Only whole segments can go, and they are few.
    std::vector<offset_range> wanted;
    for (std::size_t i = 0; i < segments->size(); ++i) {
        auto const begin = (*segments)[i];
        auto const end = end_from(ranges, begin);
        if (i + 1 == segments->size()) {
            // Its writer knows how far it goes by now; where that is further already, a request has no use.
            auto const state = read_file(files, state_path(folder), state_bytes);
            auto const mark = state ? decode_state(*state) : std::nullopt;
            if (end > begin && (!mark || end >= mark->offset)) wanted.push_back({begin, end});
        } else if (end >= (*segments)[i + 1]) {
            wanted.push_back({begin, (*segments)[i + 1]});
        }
    }
    if (wanted.empty()) return {};
    return replace_file(files, free_request_path(folder), free_request_text(wanted));
}

bool is_free_requested(std::string const& folder) {
    return system_files().open(free_request_path(folder), file_access::read).has_value();
}

}  // namespace logpipe::journal
