// Many dead letters as one record of a journal: letters of one batch share their tag and their reason, and a tag of a
// kilobyte in each of a hundred thousand of them is a hundred megabytes. All numbers are little-endian. Version 1:
//
//   byte  size
//      0     4  magic fe 4c 50 42: fe is in no UTF-8 text, so no letter in JSON begins like this
//      4     2  version, 1
//      6     2  0
//      8        a zstd frame; in it for each letter: size 4, its frame (dead_letter_frame.hpp)
//
// Such a journal holds only what logpipe writes as a dead letter, so nothing that came from outside is read as a
// bundle.
#pragma once

#include "logpipe/result.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::codec {

/// @param frames  each below 4 GiB
[[nodiscard]] std::string dead_letter_bundle(std::span<std::string_view const> frames);
[[nodiscard]] bool is_dead_letter_bundle(std::string_view record) noexcept;
/// Gives every frame; the views hold during the call. Stops at the first error that `each` returns.
/// @return errc::corrupt for a bundle that is damaged or of a newer version; what stood before that was given
[[nodiscard]] result<> each_in_bundle(std::string_view record, std::function<result<>(std::string_view)> const& each);

}  // namespace logpipe::codec
