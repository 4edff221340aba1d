#include "topic_folder.hpp"

#include "core/crc32c.hpp"
#include "core/nearest.hpp"
#include "segment_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace logpipe::journal {

namespace {

constexpr std::string_view segment_suffix = ".seg";
constexpr std::size_t offset_digits = 20;
constexpr std::size_t topic_file_bytes_max = 4096;

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
    if (name.size() != offset_digits + segment_suffix.size() || !name.ends_with(segment_suffix)) return std::nullopt;
    std::uint64_t offset = 0;
    auto const [end, failed] = std::from_chars(name.data(), name.data() + offset_digits, offset);
    if (failed != std::errc{} || end != name.data() + offset_digits) return std::nullopt;
    return offset;
}

std::string topic_path(std::string const& folder) {
    return folder + "/topic";
}

/// The last line sums up the others, so that a flipped bit is not taken for another version.
std::string with_sum(std::string const& lines) {
    return fmt::format("{}crc32c {:08x}\n", lines, crc32c(lines));
}

std::optional<std::uint64_t> number_after(std::string_view text, std::string_view key, int base) {
    auto const at = text.find(key);
    if (at == std::string_view::npos) return std::nullopt;
    auto const from = text.substr(at + key.size());
    std::uint64_t number = 0;
    auto const [end, failed] = std::from_chars(from.data(), from.data() + from.size(), number, base);
    if (failed != std::errc{} || end == from.data() + from.size() || *end != '\n') return std::nullopt;
    return number;
}

}  // namespace

std::string_view topic_name(std::string_view folder) noexcept {
    while (folder.ends_with('/')) folder.remove_suffix(1);
    return folder.substr(folder.find_last_of('/') + 1);
}

std::string segment_name(std::uint64_t first_offset) {
    return fmt::format("{:020}{}", first_offset, segment_suffix);
}

std::string segment_path(std::string_view folder, std::uint64_t first_offset) {
    return fmt::format("{}/{}", folder, segment_name(first_offset));
}

result<std::vector<std::uint64_t>> list_segments(file_system& files, std::string const& folder) {
    auto const names = files.list(folder);
    if (!names) return names.error();
    std::vector<std::uint64_t> offsets;
    for (auto const& name : *names)
        if (auto const offset = parse_segment_name(name)) offsets.push_back(*offset);
    std::ranges::sort(offsets);
    return offsets;
}

result<std::string> set_aside(file_system& files, std::string const& folder, std::uint64_t first_offset) {
    auto const names = files.list(folder);
    if (!names) return names.error();
    auto name = segment_name(first_offset) + ".bad";
    for (int copy = 2; std::ranges::binary_search(*names, name); ++copy)
        name = fmt::format("{}.{}.bad", segment_name(first_offset), copy);
    if (auto moved = files.rename(segment_path(folder, first_offset), folder + "/" + name); !moved)
        return moved.error();
    return name;
}

std::string identity_file(std::uint64_t version, std::uint64_t identity) {
    return with_sum(fmt::format("logpipe journal\nformat {}\nidentity {:016x}\n", version, identity));
}

result<std::uint64_t> load_identity(file_system& files, std::string const& folder) {
    auto const text = read_file(files, topic_path(folder), topic_file_bytes_max);
    if (!text && text.error().code == errc::too_large) return error{errc::corrupt, text.error().message};
    if (!text) return text.error();

    auto const sum_at = text->rfind("crc32c ");
    if (sum_at == std::string::npos || *text != with_sum(text->substr(0, sum_at)))
        return error{errc::corrupt, fmt::format("{} is damaged", topic_path(folder))};
    auto const version = number_after(*text, "\nformat ", 10);
    if (!version || *version == 0)
        return error{errc::corrupt, fmt::format("{} does not name its format", topic_path(folder))};
    if (*version > format_version)
        return error{
            errc::invalid_argument,
            fmt::format("{} has journal format {}, and this logpipe reads formats up to {}: use a newer logpipe",
                        folder, *version, format_version)};
    auto const identity = number_after(*text, "\nidentity ", 16);
    if (!identity) return error{errc::corrupt, fmt::format("{} does not name its identity", topic_path(folder))};
    return *identity;
}

std::string nearest_journal_hint(file_system& files, std::string const& folder) {
    std::filesystem::path const path{folder};
    auto const parent = path.parent_path();
    auto const there = files.list(parent.empty() ? "." : parent.string());
    if (!there) return {};
    std::vector<std::string_view> journals;
    for (auto const& each : *there)
        if (load_identity(files, (parent / each).string())) journals.push_back(each);
    auto const near = nearest(path.filename().string(), journals);
    return near.empty() ? std::string{} : fmt::format("; did you mean {}?", (parent / near).string());
}

result<std::uint64_t> load_or_make_identity(file_system& files, std::string const& folder,
                                            std::function<std::uint64_t()> const& random,
                                            std::vector<std::string>& notes) {
    auto loaded = load_identity(files, folder);
    if (loaded) return loaded;
    if (loaded.error().code == errc::corrupt)
        notes.push_back(loaded.error().message +
                        "; the topic gets a new identity, for which stored positions do not hold");
    else if (loaded.error().code != errc::not_found)
        return loaded.error();

    auto const identity = random();
    if (auto made = store_file(files, topic_path(folder), identity_file(format_version, identity)); !made)
        return made.error();
    return identity;
}

std::string identity_text(std::string_view folder, std::uint64_t identity) {
    return fmt::format("journal:{}:{:016x}", topic_name(folder), identity);
}

}  // namespace logpipe::journal
