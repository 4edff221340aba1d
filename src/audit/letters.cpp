// List, show, retry, purge: two passes over the topic, the first for what is live, the second for the letters.
#include "letter_book.hpp"
#include "logpipe/pipeline.hpp"

#include <algorithm>

namespace logpipe {

namespace {

// Of one portion that is sent and then settled: memory, and what a crash in between sends again.
constexpr std::size_t portion_letters_max = 1'000;
constexpr std::size_t portion_bytes_max = std::size_t{4} << 20U;

bool is_selected(letter_selection const& which, letter_book const& book, event_id id) {
    if (which.all) return true;
    if (std::ranges::find(which.ids, id) != which.ids.end()) return true;
    auto const* what = book.find(id);
    return !which.reason.empty() && what != nullptr && book.reason_of(*what).contains(which.reason);
}

using each_letter = std::function<result<>(letter_entry const&, letter_book::record const&)>;

/// The live letters that are selected, each once.
result<> pass_over(letter_topic& from, letter_book const& book, letter_selection const& which,
                   each_letter const& each) {
    std::vector<event_id> given;  // sorted; a letter that was put again is in the topic twice
    return from.scan([&](letter_entry const& entry) -> result<> {
        if (!book.is_live(entry) || !is_selected(which, book, entry.id)) return {};
        if (book.find(entry.id)->attempts > 1) {
            auto const place = std::ranges::lower_bound(given, entry.id);
            if (place != given.end() && *place == entry.id) return {};
            given.insert(place, entry.id);
        }
        return each(entry, *book.find(entry.id));
    });
}

std::vector<event_id> without_letter(letter_selection const& which, letter_book const& book) {
    std::vector<event_id> missing;
    for (auto const& id : which.ids)
        if (auto const* what = book.find(id); what == nullptr || !what->live()) missing.push_back(id);
    return missing;
}

/// Letters that are worked on together. The texts of a scan live only as long as its call.
struct portion {
    std::vector<letter_entry> entries;
    std::vector<std::string> texts;
    std::size_t bytes = 0;

    void add(letter_entry const& entry) {
        texts.emplace_back(entry.text);
        entries.push_back(entry);
        bytes += entry.text.size();
    }
    [[nodiscard]] bool full() const { return entries.size() >= portion_letters_max || bytes >= portion_bytes_max; }
    [[nodiscard]] std::span<letter_entry const> with_texts() {
        for (std::size_t i = 0; i < entries.size(); ++i) entries[i].text = texts[i];
        return entries;
    }
    void clear() {
        entries.clear();
        texts.clear();
        bytes = 0;
    }
};

result<> put_overtaken_again(letter_topic& topic, letter_book const& book) {
    if (!book.any_overtaken()) return {};
    portion found;
    auto const write = [&]() -> result<> {
        auto written = topic.put_again(found.with_texts());
        found.clear();
        return written;
    };
    auto passed = pass_over(topic, book, {.ids = {}, .reason = {}, .all = true},
                            [&](letter_entry const& entry, letter_book::record const& what) -> result<> {
                                if (!what.overtaken) return {};
                                found.add(entry);
                                return found.full() ? write() : result<>{};
                            });
    if (!passed) return passed;
    return found.entries.empty() ? result<>{} : write();
}

using handle_portion = std::function<result<>(std::span<letter_entry const>)>;

/// Hands the selected letters out in portions, and settles each. What came meanwhile stays: see letter_entry.
result<retry_report> settle_selected(letter_topic& from, letter_selection const& which, std::string_view why,
                                     handle_portion const& first) {
    auto book = letter_book::read(from);
    if (!book) return book.error();
    if (auto kept = put_overtaken_again(from, *book); !kept) return kept.error();
    retry_report report{.letters = 0, .not_found = without_letter(which, *book)};
    portion taken;
    auto const finish = [&]() -> result<> {
        auto const letters = taken.with_texts();
        if (auto handled = first(letters); !handled) return handled;
        if (auto settled = from.settle(letters, why); !settled) return settled;
        report.letters += letters.size();
        taken.clear();
        return {};
    };
    auto passed = pass_over(from, *book, which, [&](letter_entry const& entry, letter_book::record const&) -> result<> {
        taken.add(entry);
        return taken.full() ? finish() : result<>{};
    });
    if (!passed) return passed.error();
    if (!taken.entries.empty())
        if (auto finished = finish(); !finished) return finished.error();
    // A consumer that runs may have rejected one again between our sending and our tombstone.
    auto const now = letter_book::read(from);
    if (!now) return now.error();
    if (auto kept = put_overtaken_again(from, *now); !kept) return kept.error();
    return report;
}

}  // namespace

result<letter_list> list_letters(letter_topic& from, std::size_t newest_max,
                                 std::function<void(letter_summary const&)> const& newest) {
    auto const book = letter_book::read(from);
    if (!book) return book.error();
    letter_list list{.letters = 0, .unreadable = book->unreadable(), .groups = {}};
    std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> groups;
    std::vector<letter_summary> all;
    book->each_live([&](event_id id, letter_book::record const& what) {
        ++list.letters;
        ++groups[{book->stage_of(what), book->reason_of(what)}];
        all.push_back({.id = id,
                       .time_ms = what.newest_ms,
                       .attempts = what.attempts,
                       .stage = book->stage_of(what),
                       .reason = book->reason_of(what)});
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
                      std::function<result<>(dead_letter const&, std::uint64_t attempts)> const& each) {
    auto const book = letter_book::read(from);
    if (!book) return book.error();
    if (auto const missing = without_letter(which, *book); !missing.empty())
        return error{errc::not_found, "no dead letter has the id " + missing.front().text()};
    return pass_over(from, *book, which, [&](letter_entry const& entry, letter_book::record const& what) -> result<> {
        auto const letter = parse_dead_letter(entry.text);
        if (!letter) return letter.error();
        return each(*letter, what.attempts);
    });
}

result<retry_report> retry_letters(letter_topic& from, letter_selection const& which, letter_input const& to,
                                   bool dry_run) {
    if (dry_run) {
        auto const book = letter_book::read(from);
        if (!book) return book.error();
        retry_report report{.letters = 0, .not_found = without_letter(which, *book)};
        book->each_live([&](event_id id, letter_book::record const&) {
            if (is_selected(which, *book, id)) ++report.letters;
        });
        return report;
    }
    return settle_selected(from, which, "retried", [&](std::span<letter_entry const> entries) -> result<> {
        std::vector<dead_letter> letters;
        for (auto const& entry : entries) {
            auto letter = parse_dead_letter(entry.text);
            if (!letter) return letter.error();
            letter->id = entry.id;
            letters.push_back(*std::move(letter));
        }
        return to(letters);
    });
}

result<retry_report> purge_letters(letter_topic& from, letter_selection const& which) {
    return settle_selected(from, which, "purged", [](std::span<letter_entry const>) -> result<> { return {}; });
}

}  // namespace logpipe
