// What another process requests the writer of a topic to free: the file `free` in its folder, a line "BEGIN END" for
// each range of offsets. The writer does it with its next tend() and removes the file.
#pragma once

#include "core/file.hpp"
#include "journal/journal.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace logpipe::journal {

/// Whether one of the ranges holds all of [begin, end).
[[nodiscard]] bool covers(std::span<offset_range const> ranges, std::uint64_t begin, std::uint64_t end) noexcept;

/// @return none without a request; one that cannot be read is removed, with a warning
[[nodiscard]] result<std::optional<std::vector<offset_range>>> read_free_request(file_system& files,
                                                                                 std::string const& folder);
[[nodiscard]] result<> remove_free_request(file_system& files, std::string const& folder);

[[nodiscard]] std::string free_request_path(std::string const& folder);
[[nodiscard]] std::string free_request_text(std::span<offset_range const> ranges);
/// @return none for anything else than such lines
[[nodiscard]] std::optional<std::vector<offset_range>> parse_free_request(std::string_view text);

}  // namespace logpipe::journal
