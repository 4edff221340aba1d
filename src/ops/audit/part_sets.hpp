// Letters in parts: which are complete, and how many parts of the others are there.
#pragma once

#include "audit/letters.hpp"

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace logpipe::audit {

/// Names a letter in parts. One that is written again in other parts has the same id and time.
struct part_set_name {
    event_id id;
    std::int64_t time_ns = 0;
    std::uint32_t count = 0;

    friend auto operator<=>(part_set_name const&, part_set_name const&) = default;
};
/// @param entry  has a letter
[[nodiscard]] part_set_name set_of(letter_entry const& entry);

struct part_set {
    std::vector<bool> found;
    std::uint32_t found_count = 0;
    std::int64_t time_ms = 0;  ///< of its newest part: a broker may stamp each by itself
    std::uint32_t group = 0;   ///< the letter_book's
    bool overtaken = false;    ///< a tombstone came between its parts

    /// @return false for one that was there
    bool add(letter_entry const& entry);
    [[nodiscard]] bool complete() const noexcept { return found_count == found.size(); }
};

/// A part that no letter can have: hostile numbers must not take memory.
[[nodiscard]] bool is_possible(letter_part part) noexcept;

/// One thread.
class part_sets final {
  public:
    /// @return the set when this was its last part; what is there of it once more is another set
    [[nodiscard]] std::optional<part_set> add(letter_entry const& entry, std::uint32_t group = 0);
    /// A tombstone for `id` comes: compaction would take the parts before it.
    void overtake(event_id id);
    [[nodiscard]] std::map<part_set_name, part_set> const& incomplete() const noexcept { return open_; }

  private:
    std::map<part_set_name, part_set> open_;
};

}  // namespace logpipe::audit
