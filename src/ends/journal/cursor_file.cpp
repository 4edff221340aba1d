#include "cursor_file.hpp"

#include "core/bytes.hpp"
#include "core/crc32c.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace logpipe::journal {

namespace {

constexpr std::string_view cursor_magic = "LPCURSR1";
constexpr std::size_t cursor_bytes = 64;

bool is_name_character(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
}

}  // namespace

std::string encode_cursor(cursor const& what) {
    std::string out(cursor_bytes, '\0');
    std::memcpy(out.data(), cursor_magic.data(), cursor_magic.size());
    std::array const numbers{what.offset,      what.counts.in,     what.counts.indexed, what.counts.duplicates,
                             what.counts.dead, what.counts.dropped};
    for (std::size_t i = 0; i < numbers.size(); ++i) store_little(out.data() + 8 * (i + 1), numbers[i]);
    store_little(out.data() + 60, crc32c({out.data(), 60}));
    return out;
}

std::optional<cursor> decode_cursor(std::string_view bytes) noexcept {
    if (bytes.size() < cursor_bytes || !bytes.starts_with(cursor_magic)) return std::nullopt;
    if (load_little<std::uint32_t>(bytes.data() + 60) != crc32c(bytes.substr(0, 60))) return std::nullopt;
    auto const number = [&](std::size_t i) { return load_little<std::uint64_t>(bytes.data() + 8 * (i + 1)); };
    return cursor{
        .offset = number(0),
        .counts = {
            .in = number(1), .indexed = number(2), .duplicates = number(3), .dead = number(4), .dropped = number(5)}};
}

bool group_name_is_good(std::string_view group) noexcept {
    return !group.empty() && group.size() <= 100 && group.front() != '.' &&
           std::ranges::all_of(group, is_name_character) && !group.ends_with(".lock") && !group.ends_with(".tmp");
}

std::string cursors_folder(std::string const& folder) {
    return folder + "/cursors";
}

std::string cursor_path(std::string const& folder, std::string_view group) {
    return fmt::format("{}/{}", cursors_folder(folder), group);
}

result<cursor> load_cursor(slot_file& from) {
    auto const bytes = from.load();
    if (!bytes && bytes.error().code != errc::too_large) return bytes.error();
    auto const decoded = bytes ? decode_cursor(*bytes) : std::nullopt;
    if (!decoded) return error{errc::corrupt, fmt::format("{} is damaged", from.path())};
    return *decoded;
}

result<std::vector<journal_cursor_info>> list_cursors(file_system& files, std::string const& folder,
                                                      std::vector<std::string>& notes) {
    std::vector<journal_cursor_info> found;
    auto const names = files.list(cursors_folder(folder));
    if (!names && names.error().code == errc::not_found) return found;
    if (!names) return names.error();
    for (auto const& name : *names) {
        if (!group_name_is_good(name)) continue;
        slot_file from{files, cursor_path(folder, name)};
        auto const loaded = load_cursor(from);
        if (loaded)
            found.push_back({.group = name, .offset = loaded->offset, .counts = loaded->counts});
        else if (loaded.error().code == errc::corrupt)
            notes.push_back(loaded.error().message + "; its group starts with the oldest event");
        else
            return loaded.error();
    }
    return found;
}

result<> sync_cursors(file_system& files, std::string const& folder, std::vector<journal_cursor_info> const& groups) {
    for (auto const& each : groups)
        if (auto synced = slot_file{files, cursor_path(folder, each.group)}.sync(); !synced) return synced;
    return files.sync_folder(cursors_folder(folder));
}

}  // namespace logpipe::journal
