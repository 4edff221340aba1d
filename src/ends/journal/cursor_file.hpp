// A group's position and what became of the events before it, in a file of two slots (core/slot_file.hpp). The value:
//
//   byte  size
//      0     8  magic "LPCURSR1"
//      8     8  offset: everything before it is safe downstream
//     16    40  counts: in, indexed, already there, dead, dropped (0 in those of before)
//     56     4  0
//     60     4  CRC-32C of bytes 0 to 59
//
// A file without slots that is just this value is of an earlier version.
#pragma once

#include "core/slot_file.hpp"
#include "journal/journal.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::journal {

struct cursor {
    std::uint64_t offset = 0;
    event_counts counts;

    friend bool operator==(cursor const&, cursor const&) = default;
};

[[nodiscard]] std::string encode_cursor(cursor const& what);
[[nodiscard]] std::optional<cursor> decode_cursor(std::string_view bytes) noexcept;

/// 1 to 100 of letters, digits, '-', '_' and '.', not first a '.', not ending in ".lock" or ".tmp".
[[nodiscard]] bool group_name_is_good(std::string_view group) noexcept;
[[nodiscard]] std::string cursors_folder(std::string const& folder);
[[nodiscard]] std::string cursor_path(std::string const& folder, std::string_view group);

/// @return errc::not_found when the group has none yet, errc::corrupt when it is damaged.
[[nodiscard]] result<cursor> load_cursor(slot_file& from);

/// All groups by name. A damaged one is named in `notes` and left out.
[[nodiscard]] result<std::vector<journal_cursor_info>> list_cursors(file_system& files, std::string const& folder,
                                                                    std::vector<std::string>& notes);

/// The groups' cursors are on disk as they are read: another process may be about to sync what it has written.
[[nodiscard]] result<> sync_cursors(file_system& files, std::string const& folder,
                                    std::vector<journal_cursor_info> const& groups);

}  // namespace logpipe::journal
