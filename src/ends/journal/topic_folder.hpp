// What lies in a topic's folder, and its names:
//
//   topic                     format version and identity, text
//   lock                      locked by the writer
//   state                     how far readers may read (state_file.hpp)
//   00000000000000000000.seg  frames (segment_format.hpp); the name is the first offset
//   00000000000000131072.seg.bad  set aside by recovery
//   free                      offsets that the writer is requested to free (free_request.hpp)
//   cursors/GROUP             a group's position (cursor_file.hpp), cursors/GROUP.lock while it reads
#pragma once

#include "core/file.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::journal {

/// The folder's last part: what people call the topic.
[[nodiscard]] std::string_view topic_name(std::string_view folder) noexcept;
[[nodiscard]] std::string segment_name(std::uint64_t first_offset);
[[nodiscard]] std::string segment_path(std::string_view folder, std::uint64_t first_offset);

/// First offsets, in order. Other files are left alone.
[[nodiscard]] result<std::vector<std::uint64_t>> list_segments(file_system& files, std::string const& folder);
/// Renames the segment so that it does not count as one any more. @return the new name.
[[nodiscard]] result<std::string> set_aside(file_system& files, std::string const& folder, std::uint64_t first_offset);

/// The text of the `topic` file.
[[nodiscard]] std::string identity_file(std::uint64_t version, std::uint64_t identity);
/// @return errc::not_found where the topic does not exist, errc::corrupt for a damaged file, errc::invalid_argument for
/// a
///         format that is newer than this program.
[[nodiscard]] result<std::uint64_t> load_identity(file_system& files, std::string const& folder);
/// For an error about a journal that is not there: "; did you mean FOLDER?" where one of a like name is beside it.
[[nodiscard]] std::string nearest_journal_hint(file_system& files, std::string const& folder);
/// Draws a new one where there is none or it is damaged; the latter goes to `notes`.
[[nodiscard]] result<std::uint64_t> load_or_make_identity(file_system& files, std::string const& folder,
                                                          std::function<std::uint64_t()> const& random,
                                                          std::vector<std::string>& notes);
/// As source::identity() gives it: "journal:<topic>:<identity>".
[[nodiscard]] std::string identity_text(std::string_view folder, std::uint64_t identity);

}  // namespace logpipe::journal
