#include "letter_joiner.hpp"

#include <limits>

namespace logpipe::audit {

std::optional<letter_entry> letter_joiner::add(letter_entry const& entry) {
    auto const name = set_of(entry);
    auto& into = open_[name];
    if (!into.set.add(entry)) return std::nullopt;
    into.bytes[entry.part.index] = entry.letter->record;
    into.head = entry;
    into.head.letter->record.clear();
    if (!into.set.complete()) return std::nullopt;
    auto whole = std::move(into.head);
    whole.letter->record = joined(into);
    whole.time_ms = into.set.time_ms;
    whole.part = {};
    open_.erase(name);
    return whole;
}

std::optional<letter_joiner::incomplete_letter> letter_joiner::newest_incomplete(event_id id) const {
    auto at = open_.upper_bound({.id = id,
                                 .time_ns = std::numeric_limits<std::int64_t>::max(),
                                 .count = std::numeric_limits<std::uint32_t>::max()});
    if (at == open_.begin() || (--at)->first.id != id) return std::nullopt;
    auto const& from = at->second;
    incomplete_letter out{.letter = *from.head.letter, .parts = at->first.count, .missing = {}};
    out.letter.record = joined(from);
    for (std::uint32_t i = 0; i < from.set.found.size(); ++i)
        if (!from.set.found[i]) out.missing.push_back(i);
    return out;
}

std::string letter_joiner::joined(open_letter const& from) {
    std::size_t size = 0;
    for (auto const& [index, bytes] : from.bytes) size += bytes.size();
    std::string all;
    all.reserve(size);
    for (auto const& [index, bytes] : from.bytes) all += bytes;
    return all;
}

}  // namespace logpipe::audit
