#include "part_sets.hpp"

#include <algorithm>
#include <limits>

namespace logpipe::audit {

namespace {

// A record of 4 GiB in parts of 1 KiB has as many.
constexpr std::uint32_t parts_max = 1U << 22U;

}  // namespace

part_set_name set_of(letter_entry const& entry) {
    return {.id = entry.id, .time_ns = entry.letter->time_ns, .count = entry.part.count};
}

bool is_possible(letter_part part) noexcept {
    return part.index < part.count && part.count <= parts_max;
}

bool part_set::add(letter_entry const& entry) {
    if (found.empty()) found.resize(entry.part.count);
    if (found[entry.part.index]) return false;
    found[entry.part.index] = true;
    ++found_count;
    time_ms = std::max(time_ms, entry.time_ms);
    return true;
}

std::optional<part_set> part_sets::add(letter_entry const& entry, std::uint32_t group) {
    auto const name = set_of(entry);
    auto& set = open_[name];
    set.group = group;
    if (!set.add(entry) || !set.complete()) return std::nullopt;
    auto done = std::move(set);
    open_.erase(name);
    return done;
}

void part_sets::overtake(event_id id) {
    constexpr auto least = std::numeric_limits<std::int64_t>::min();
    for (auto at = open_.lower_bound({.id = id, .time_ns = least, .count = 0}); at != open_.end() && at->first.id == id;
         ++at)
        at->second.overtaken = true;
}

}  // namespace logpipe::audit
