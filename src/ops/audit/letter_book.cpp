#include "letter_book.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace logpipe::audit {

namespace {

// Reasons that name what no quotes tell apart: then nearly every letter has a separate one.
constexpr std::size_t groups_max = 10'000;

bool is_word(char c) {
    return ('0' <= c && c <= '9') || ('a' <= c && c <= 'z') || ('A' <= c && c <= 'Z');
}

void replace_all(std::string& in, std::string const& what, std::string_view with) {
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + with.size()))
        in.replace(at, what.size(), with);
}

/// A store's reasons name the document and the value that it rejected, in single quotes, and their cause the same value
/// once more in brackets: 'x' becomes '…', and [x] becomes […], so that what is rejected for one reason counts as one.
/// An apostrophe within a word opens nothing.
std::string general_reason(std::string_view reason) {
    std::string out;
    std::vector<std::string> values;
    for (std::size_t at = 0; at < reason.size(); ++at) {
        out.push_back(reason[at]);
        if (reason[at] != '\'' || (at > 0 && is_word(reason[at - 1]))) continue;
        auto end = reason.find('\'', at + 1);
        while (end != std::string_view::npos && end + 1 < reason.size() && is_word(reason[end + 1]))
            end = reason.find('\'', end + 1);
        if (end == std::string_view::npos) continue;
        values.push_back(fmt::format("[{}]", reason.substr(at + 1, end - at - 1)));
        out += "…'";
        at = end;
    }
    for (auto const& value : values) replace_all(out, value, "[…]");
    return out;
}

}  // namespace

result<letter_book> letter_book::read(letter_topic& from) {
    letter_book book;
    auto scanned = from.scan([&](letter_entry const& entry) -> result<> {
        book.add(entry);
        return {};
    });
    if (!scanned) return scanned.error();
    return book;
}

void letter_book::add(letter_entry const& entry) {
    if (entry.tombstone) {
        auto& what = records_[entry.id];
        what.resolved_ms = what.resolved ? std::max(what.resolved_ms, entry.time_ms) : entry.time_ms;
        what.resolved = true;
        what.known_before = std::max(what.known_before, entry.attempts);
        what.overtaken = what.letter && what.newest_ms > what.resolved_ms;
        sets_.overtake(entry.id);
        return;
    }
    if (!entry.letter || !is_possible(entry.part)) {
        ++unreadable_;
        return;
    }
    auto& what = records_[entry.id];
    letter_facts letter{.time_ms = entry.time_ms,
                        .time_ns = entry.letter->time_ns,
                        .entries = entry.letter->entries,
                        .parts = entry.part.count,
                        .group = group_of(*entry.letter)};
    if (!entry.part.is_whole()) {
        what.parts_max = std::max(what.parts_max, entry.part.count);
        auto const complete = sets_.add(entry, letter.group);
        if (!complete) return;
        letter.time_ms = complete->time_ms;
        letter.overtaken = complete->overtaken;
    }
    add_letter(what, letter);
}

void letter_book::add_letter(record& what, letter_facts const& letter) {
    ++(what.resolved && letter.time_ms <= what.resolved_ms ? what.found_before : what.found);
    if (what.letter && letter.time_ms < what.newest_ms) return;
    what.letter = true;
    what.newest_ms = letter.time_ms;
    what.newest_ns = letter.time_ns;
    what.entries = letter.entries;
    what.parts = letter.parts;
    what.overtaken = letter.overtaken;
    what.group = letter.group;
}

std::uint32_t letter_book::group_of(dead_letter const& letter) {
    group_name name{letter.stage, general_reason(letter.reason)};
    if (groups_.size() >= groups_max && !group_numbers_.contains(name)) name.second = "(other reasons)";
    auto const [found, added] = group_numbers_.try_emplace(name, static_cast<std::uint32_t>(groups_.size()));
    if (added) groups_.push_back(std::move(name));
    return found->second;
}

letter_book::record const* letter_book::find(event_id id) const {
    auto const found = records_.find(id);
    return found == records_.end() || !found->second.letter ? nullptr : &found->second;
}

bool letter_book::is_live(letter_entry const& entry) const {
    if (entry.tombstone || !entry.letter) return false;
    auto const* what = find(entry.id);
    if (what == nullptr || !what->live() || what->parts != entry.part.count) return false;
    return entry.part.is_whole() ? what->newest_ms == entry.time_ms : what->newest_ns == entry.letter->time_ns;
}

bool letter_book::is_needed(letter_entry const& entry) const {
    if (entry.tombstone) return false;
    if (!entry.letter || !is_possible(entry.part)) return true;  // whatever it is, an operator has not seen to it
    // What is newer than all that was read here came meanwhile.
    auto const found = records_.find(entry.id);
    if (found == records_.end()) return true;
    auto const& what = found->second;
    bool const resolved = what.resolved && entry.time_ms <= what.resolved_ms;
    bool const replaced = what.letter && entry.time_ms < what.newest_ms;
    return !resolved && !replaced;
}

std::uint32_t letter_book::parts_max(event_id id) const {
    auto const found = records_.find(id);
    return found == records_.end() ? 1 : found->second.parts_max;
}

std::uint64_t letter_book::attempts(event_id id) const {
    auto const found = records_.find(id);
    return found == records_.end() ? 0 : found->second.attempts();
}

part_set const* letter_book::find_incomplete(event_id id) const {
    auto const& sets = sets_.incomplete();
    auto at = sets.upper_bound({.id = id,
                                .time_ns = std::numeric_limits<std::int64_t>::max(),
                                .count = std::numeric_limits<std::uint32_t>::max()});
    if (at == sets.begin() || (--at)->first.id != id) return nullptr;
    auto const& what = records_.at(id);
    bool const over = (what.letter && what.newest_ms >= at->second.time_ms) ||
                      (what.resolved && what.resolved_ms >= at->second.time_ms);
    return over ? nullptr : &at->second;
}

void letter_book::each_incomplete(std::function<void(event_id, part_set const&)> const& report) const {
    auto const& sets = sets_.incomplete();
    for (auto at = sets.begin(); at != sets.end();) {
        auto const id = at->first.id;
        if (auto const* set = find_incomplete(id)) report(id, *set);
        while (at != sets.end() && at->first.id == id) ++at;
    }
}

bool letter_book::any_overtaken() const noexcept {
    return std::ranges::any_of(records_, [](auto const& each) { return each.second.live() && each.second.overtaken; });
}

void letter_book::each_live(std::function<void(event_id, record const&)> const& report) const {
    for (auto const& [id, what] : records_)
        if (what.live()) report(id, what);
}

}  // namespace logpipe::audit
