#include "file_formats.hpp"

#include "text/escapes.hpp"

#include <algorithm>

namespace logpipe::formats {

namespace {

bool is_rotation(std::string_view after) noexcept {
    if (after.empty()) return true;
    return after.size() > 1 && (after[0] == '.' || after[0] == '-') && is_digits(after.substr(1, 1));
}

/// Paths have few `*`, if any.
bool begins_as(std::string_view text, std::string_view path) noexcept {
    auto const star = path.find('*');
    auto const before = path.substr(0, star);
    if (!text.starts_with(before)) return false;
    text.remove_prefix(before.size());
    if (star == std::string_view::npos) return is_rotation(text);
    for (std::size_t skipped = 0; skipped <= text.size(); ++skipped)
        if (begins_as(text.substr(skipped), path.substr(star + 1))) return true;
    return false;
}

}  // namespace

bool is_tag_of(std::string_view tag, std::string_view path) noexcept {
    for (std::size_t at = 0; at < tag.size(); at = std::min(tag.find('.', at), tag.size() - 1) + 1)
        if (begins_as(tag.substr(at), path)) return true;
    return false;
}

std::optional<std::size_t> format_of_tag(std::span<file_format const> files, std::string_view tag) noexcept {
    auto const found = std::ranges::find_if(files, [&](file_format const& each) { return is_tag_of(tag, each.path); });
    if (found == files.end()) return std::nullopt;
    return static_cast<std::size_t>(found - files.begin());
}

}  // namespace logpipe::formats
