// Docker cuts a line at 16 KiB. Its fluentd driver sends each part as a record (daemon/logger/fluentd/fluentd.go):
//
//   {"log": text, "partial_message": "true", "partial_id": ID, "partial_ordinal": "1", "partial_last": "false", …}
//
// The ordinals of a line count from 1. Pure.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::forward {

struct message_part {
    /// A record without this key is none.
    static constexpr std::string_view key = "partial_message";

    std::string_view id;  ///< of the line; random, so the same one is not met again
    std::uint32_t ordinal = 0;
    bool is_last = false;
    std::string_view log;
};

/// @param record  msgpack  @return none where it is not a part
[[nodiscard]] std::optional<message_part> read_part(std::string_view record);

/// @param records  all parts of a line, in order
/// @return the first one with the whole line as its `log`, and without the keys that parts have
[[nodiscard]] std::string join_parts(std::span<std::string_view const> records);

/// The parts of one line, in whatever order they come.
/// @tparam Part  what is kept of each
template <class Part>
class part_group final {
  public:
    /// @return false, and nothing is done, where it cannot be one beside the others
    [[nodiscard]] bool add(message_part const& part, Part kept) {
        auto const last = part.is_last ? part.ordinal : last_ordinal_;
        auto const highest = parts_.empty() ? part.ordinal : std::max(part.ordinal, parts_.rbegin()->first);
        if ((last != 0 && highest > last) || (part.is_last && last_ordinal_ != 0)) return false;
        if (!parts_.try_emplace(part.ordinal, std::move(kept)).second) return false;
        last_ordinal_ = last;
        log_bytes_ += part.log.size();
        return true;
    }
    [[nodiscard]] bool is_complete() const noexcept { return last_ordinal_ != 0 && parts_.size() == last_ordinal_; }
    /// By ordinal.
    [[nodiscard]] std::map<std::uint32_t, Part> const& parts() const noexcept { return parts_; }
    /// Of the line, as far as it is here.
    [[nodiscard]] std::size_t log_bytes() const noexcept { return log_bytes_; }

  private:
    std::map<std::uint32_t, Part> parts_;
    std::uint32_t last_ordinal_ = 0;  // 0: the last one has not come
    std::size_t log_bytes_ = 0;
};

}  // namespace logpipe::forward
