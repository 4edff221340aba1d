// The disk space of resolved letters in a journal: whole files of it, by the process that has the journal open.
#pragma once

#include "audit/letters.hpp"
#include "journal/journal.hpp"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace logpipe::audit {

/// The offsets up to the end of now that hold no event which is needed.
[[nodiscard]] result<std::vector<journal::offset_range>> free_ranges(
    file_system& files, std::string const& folder,
    std::function<bool(batch const& events, event const& row)> const& is_needed);

/// Frees them in `open`, or where this process has not got it open, in a journal that it opens for that, or by the
/// process that has; that one is waited for a few seconds.
[[nodiscard]] result<freed_space> free_letters(std::string const& folder, std::shared_ptr<journal::topic> const& open,
                                               std::span<journal::offset_range const> ranges);

}  // namespace logpipe::audit
