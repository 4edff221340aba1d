// List, show, retry, purge: two passes over the topic, the first for what is live, the second for the letters.
#include "letter_book.hpp"
#include "letter_joiner.hpp"
#include "packed_letter.hpp"

#include "core/log.hpp"

#include <algorithm>

namespace logpipe::audit {

namespace {

/// A live letter or an incomplete one.
bool is_selected(letter_selection const& which, letter_book const& book, event_id id, std::uint32_t group) {
    if (which.all) return true;
    if (std::ranges::find(which.ids, id) != which.ids.end()) return true;
    return !which.reason.empty() && book.reason_of(group).contains(which.reason);
}

/// Sorted, each once.
class id_set final {
  public:
    /// @return false for one that is there already
    bool add(event_id id) {
        auto const endpoint = std::ranges::lower_bound(ids_, id);
        if (endpoint != ids_.end() && *endpoint == id) return false;
        ids_.insert(endpoint, id);
        return true;
    }
    [[nodiscard]] bool contains(event_id id) const { return std::ranges::binary_search(ids_, id); }

  private:
    std::vector<event_id> ids_;
};

using each_letter = std::function<result<>(letter_entry&&, letter_book::record const&)>;

/// The live letters that are selected, whole, each once.
result<> pass_over(letter_topic& from, letter_book const& book, letter_selection const& which,
                   each_letter const& each) {
    id_set given;  // of those that may be in the topic more than once
    letter_joiner joiner;
    return from.scan([&](letter_entry const& entry) -> result<> {
        if (!book.is_live(entry)) return {};
        auto const& what = *book.find(entry.id);
        if (!is_selected(which, book, entry.id, what.group)) return {};
        bool const may_come_again = what.attempts() > 1 || !entry.part.is_whole();
        if (may_come_again && given.contains(entry.id)) return {};
        auto whole = entry.part.is_whole() ? std::optional{entry} : joiner.add(entry);
        if (!whole) return {};
        if (may_come_again) given.add(entry.id);
        return each(*std::move(whole), what);
    });
}

std::vector<event_id> selected_incomplete(letter_selection const& which, letter_book const& book) {
    std::vector<event_id> ids;
    book.each_incomplete([&](event_id id, part_set const& set) {
        if (is_selected(which, book, id, set.group)) ids.push_back(id);
    });
    return ids;
}

std::vector<event_id> without_letter(letter_selection const& which, letter_book const& book) {
    std::vector<event_id> missing;
    for (auto const& id : which.ids) {
        auto const* const what = book.find(id);
        if ((what == nullptr || !what->live()) && book.find_incomplete(id) == nullptr) missing.push_back(id);
    }
    return missing;
}

/// Letters that are worked on together.
struct portion {
    std::vector<letter_entry> entries;
    std::size_t bytes = 0;

    void add(letter_entry entry) {
        bytes += bytes_of(*entry.letter);
        entries.push_back(std::move(entry));
    }
    [[nodiscard]] bool full() const { return entries.size() >= portion_letters_max || bytes >= portion_bytes_max; }
    void clear() {
        entries.clear();
        bytes = 0;
    }
};

/// Part by part, as they stand in the topic.
result<> rewrite_overtaken(letter_topic& topic, letter_book const& book) {
    if (!book.any_overtaken()) return {};
    portion found;
    std::vector<std::pair<event_id, std::uint32_t>> given;
    auto const write = [&]() -> result<> {
        auto written = topic.rewrite(found.entries);
        found.clear();
        return written;
    };
    auto passed = topic.scan([&](letter_entry const& entry) -> result<> {
        if (!book.is_live(entry) || !book.find(entry.id)->overtaken) return {};
        std::pair const name{entry.id, entry.part.index};
        if (std::ranges::find(given, name) != given.end()) return {};
        given.push_back(name);
        found.add(entry);
        return found.full() ? write() : result<>{};
    });
    if (!passed) return passed;
    return found.entries.empty() ? result<>{} : write();
}

using handle_portion = std::function<result<>(std::span<letter_entry const>)>;

/// Hands the selected letters out in portions, and resolves each. What came meanwhile stays: see letter_entry.
class resolving final {
  public:
    resolving(letter_topic& from, std::string_view reason, handle_portion const& first)
        : from_{from}, reason_{reason}, first_{first} {}

    result<> letters(letter_book const& book, letter_selection const& which) {
        auto passed = pass_over(from_, book, which, [&](letter_entry&& entry, letter_book::record const&) -> result<> {
            taken_.add(std::move(entry));
            return taken_.full() ? finish(book) : result<>{};
        });
        if (!passed) return passed;
        return taken_.entries.empty() ? result<>{} : finish(book);
    }

    result<> incomplete(letter_book const& book, std::span<event_id const> ids) {
        std::vector<resolved_letter> resolved;
        for (auto const& id : ids)
            resolved.push_back({.id = id,
                                .time_ms = book.find_incomplete(id)->time_ms,
                                .parts_max = book.parts_max(id),
                                .attempts = book.attempts(id)});
        if (resolved.empty()) return {};
        auto done = from_.resolve(resolved, reason_);
        if (done) count_ += ids.size();
        return done;
    }

    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::vector<std::pair<event_id, std::string>> take_rejected() { return std::move(rejected_); }

  private:
    result<> finish(letter_book const& book) {
        auto handled = resolve(book, taken_.entries);
        // One that its input never takes does not stop the others.
        if (!handled && is_for_good(handled.error())) handled = resolve_one_by_one(book);
        taken_.clear();
        return handled;
    }

    result<> resolve_one_by_one(letter_book const& book) {
        for (auto const& each : taken_.entries) {
            auto const handled = resolve(book, {&each, 1});
            if (handled) continue;
            if (!is_for_good(handled.error())) return handled;
            rejected_.emplace_back(each.id, handled.error().message);
        }
        return {};
    }

    result<> resolve(letter_book const& book, std::span<letter_entry const> entries) {
        if (auto handled = first_(entries); !handled) return handled;
        std::vector<resolved_letter> resolved;
        for (auto const& each : entries)
            resolved.push_back({.id = each.id,
                                .time_ms = each.time_ms,
                                .parts_max = book.parts_max(each.id),
                                .attempts = book.attempts(each.id)});
        if (auto done = from_.resolve(resolved, reason_); !done) return done;
        count_ += entries.size();
        return {};
    }

    static bool is_for_good(error const& reason) {
        return reason.code == errc::too_large || reason.code == errc::rejected;
    }

    letter_topic& from_;
    std::string_view const reason_;
    handle_portion const& first_;
    portion taken_;
    std::uint64_t count_ = 0;
    std::vector<std::pair<event_id, std::string>> rejected_;
};

result<retry_report> resolve_selected(letter_topic& from, letter_selection const& which, std::string_view reason,
                                      bool incomplete_too, handle_portion const& first) {
    auto book = letter_book::read(from);
    if (!book) return book.error();
    if (auto kept = rewrite_overtaken(from, *book); !kept) return kept.error();
    retry_report report{.letters = 0,
                        .not_found = without_letter(which, *book),
                        .incomplete = selected_incomplete(which, *book),
                        .rejected = {}};
    resolving work{from, reason, first};
    if (auto done = work.letters(*book, which); !done) return done.error();
    if (incomplete_too) {
        if (auto done = work.incomplete(*book, report.incomplete); !done) return done.error();
        report.incomplete.clear();
    }
    report.letters = work.count();
    report.rejected = work.take_rejected();
    // A consumer that runs may have rejected one again between our sending and our tombstone.
    auto const now = letter_book::read(from);
    if (!now) return now.error();
    if (auto kept = rewrite_overtaken(from, *now); !kept) return kept.error();
    // They are resolved, whatever comes of this; the next run tries again.
    auto room = from.free([&](letter_entry const& entry) { return now->is_needed(entry); });
    if (room)
        report.room = *room;
    else
        log_warn("dead letters: their disk space could not be freed: {}", room.error().message);
    return report;
}

/// What is there of letters whose parts are not all there.
result<> show_incomplete(letter_topic& from, letter_book const& book, std::span<event_id const> ids,
                         std::function<result<>(found_letter const&)> const& each) {
    if (ids.empty()) return {};
    letter_joiner joiner;
    auto passed = from.scan([&](letter_entry const& entry) -> result<> {
        if (!entry.letter || entry.part.is_whole() || !is_possible(entry.part)) return {};
        if (std::ranges::find(ids, entry.id) == ids.end()) return {};
        (void)joiner.add(entry);  // those that get complete are older ones
        return {};
    });
    if (!passed) return passed;
    for (auto const& id : ids) {
        auto const what = joiner.newest_incomplete(id);
        if (!what) continue;  // resolved meanwhile
        auto const* const record = book.find(id);
        if (auto shown = each({.letter = what->letter,
                               .attempts = record == nullptr ? 0 : record->attempts(),
                               .parts = what->parts,
                               .missing = what->missing});
            !shown)
            return shown;
    }
    return {};
}

}  // namespace

result<letter_list> list_letters(letter_topic& from, std::size_t newest_max,
                                 std::function<void(letter_summary const&)> const& newest) {
    auto const book = letter_book::read(from);
    if (!book) return book.error();
    letter_list list{.letters = 0, .events = 0, .incomplete = 0, .unreadable = book->unreadable(), .groups = {}};
    std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> groups;
    std::vector<letter_summary> all;
    book->each_live([&](event_id id, letter_book::record const& what) {
        ++list.letters;
        list.events += std::max(what.entries, 1U);
        ++groups[{book->stage_of(what.group), book->reason_of(what.group)}];
        all.push_back({.id = id,
                       .time_ms = what.newest_ms,
                       .attempts = what.attempts(),
                       .entries = what.entries,
                       .stage = book->stage_of(what.group),
                       .reason = book->reason_of(what.group),
                       .parts = what.parts,
                       .parts_found = what.parts});
    });
    book->each_incomplete([&](event_id id, part_set const& set) {
        ++list.incomplete;
        auto const* const what = book->find(id);
        all.push_back({.id = id,
                       .time_ms = set.time_ms,
                       .attempts = what == nullptr ? 0 : what->attempts(),
                       .entries = 0,
                       .stage = book->stage_of(set.group),
                       .reason = book->reason_of(set.group),
                       .parts = static_cast<std::uint32_t>(set.found.size()),
                       .parts_found = set.found_count});
    });
    for (auto const& [name, letters] : groups)
        list.groups.push_back(
            {.stage = std::string{name.first}, .reason = std::string{name.second}, .letters = letters});
    std::ranges::stable_sort(list.groups, std::greater{}, &letter_group::letters);
    auto const shown = static_cast<std::ptrdiff_t>(std::min(newest_max, all.size()));
    std::ranges::partial_sort(all, all.begin() + shown, [](letter_summary const& a, letter_summary const& b) {
        return std::pair{b.time_ms, b.id} < std::pair{a.time_ms, a.id};
    });
    for (auto const& each : std::span{all}.first(static_cast<std::size_t>(shown))) newest(each);
    return list;
}

result<> show_letters(letter_topic& from, letter_selection const& which,
                      std::function<result<>(found_letter const&)> const& each) {
    auto const book = letter_book::read(from);
    if (!book) return book.error();
    if (auto const missing = without_letter(which, *book); !missing.empty())
        return error{errc::not_found, "no dead letter has the id " + missing.front().text()};
    auto passed = pass_over(from, *book, which, [&](letter_entry&& entry, letter_book::record const& what) -> result<> {
        return each({.letter = *entry.letter, .attempts = what.attempts(), .parts = what.parts, .missing = {}});
    });
    if (!passed) return passed;
    return show_incomplete(from, *book, selected_incomplete(which, *book), each);
}

result<retry_report> retry_letters(letter_topic& from, letter_selection const& which, letter_input const& to,
                                   bool dry_run) {
    if (dry_run) {
        auto const book = letter_book::read(from);
        if (!book) return book.error();
        retry_report report{.letters = 0,
                            .not_found = without_letter(which, *book),
                            .incomplete = selected_incomplete(which, *book),
                            .rejected = {}};
        book->each_live([&](event_id id, letter_book::record const& what) {
            if (is_selected(which, *book, id, what.group)) ++report.letters;
        });
        return report;
    }
    return resolve_selected(from, which, "retried", false, [&](std::span<letter_entry const> entries) -> result<> {
        event_sender events{to};
        for (auto const& entry : entries) {
            auto sent = each_event_of(*entry.letter, [&](dead_letter&& event) { return events.add(std::move(event)); });
            if (!sent) return sent;
        }
        return events.finish();
    });
}

result<retry_report> purge_letters(letter_topic& from, letter_selection const& which) {
    return resolve_selected(from, which, "purged", true, [](std::span<letter_entry const>) -> result<> { return {}; });
}

}  // namespace logpipe::audit
