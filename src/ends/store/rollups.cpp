#include "rollups.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::store {

namespace {

constexpr std::size_t keys_known_max = 4'096;

[[nodiscard]] result<> run_once(database const& store, statement& what) {
    int const code = what.step();
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "writing the roll-ups");
    what.reset();
    return done;
}

}  // namespace

result<rollups> rollups::prepare(database& store, store_layout const& layout) {
    rollups made;
    made.changes_ = rollup_changes{layout};
    struct wanted {
        statement rollups::* into;
        char const* sql;
    };
    for (auto const& [into, sql] : {
             wanted{&rollups::update_,
                    "UPDATE rollups SET documents = documents + ?5, bytes = bytes + ?6"
                    " WHERE span = ?1 AND field = ?2 AND start = ?3 AND value = ?4 AND documents + ?5 >= 0"},
             wanted{&rollups::insert_,
                    "INSERT INTO rollups (span, field, start, value, documents, bytes, missed)"
                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"},
             wanted{&rollups::others_,
                    "INSERT INTO rollups (span, field, start, value, documents, bytes, missed)"
                    " VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET"
                    " documents = documents + excluded.documents, bytes = bytes + excluded.bytes,"
                    " missed = max(missed, excluded.missed)"},
             wanted{&rollups::names_,
                    "SELECT count(*) FILTER (WHERE value <> 0), coalesce(max(missed) FILTER (WHERE value = 0), 0)"
                    " FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3"},
             wanted{&rollups::evict_,
                    "DELETE FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3 AND value IN"
                    " (SELECT value FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3 AND value <> 0"
                    " ORDER BY documents + missed DESC, value LIMIT -1 OFFSET ?4)"
                    " RETURNING documents, bytes, documents + missed"},
             wanted{&rollups::find_,
                    "SELECT documents, bytes, missed FROM rollups"
                    " WHERE span = ?1 AND field = ?2 AND start = ?3 AND value = ?4"},
             wanted{&rollups::reduce_,
                    "UPDATE rollups SET documents = 0, bytes = 0, missed = ?5"
                    " WHERE span = ?1 AND field = ?2 AND start = ?3 AND value = ?4"},
             wanted{&rollups::remove_empty_,
                    "DELETE FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3 AND value <> 0"
                    " AND documents = 0 RETURNING bytes"},
             wanted{&rollups::remove_others_,
                    "DELETE FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3 AND value = 0 AND documents = 0"
                    " AND NOT EXISTS (SELECT 1 FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3"
                    " AND value <> 0)"},
             wanted{&rollups::add_rows_,
                    "INSERT INTO minutes (minute, first_row, last_row) VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET"
                    " first_row = min(first_row, excluded.first_row), last_row = max(last_row, excluded.last_row)"},
             wanted{&rollups::remove_rows_, "DELETE FROM minutes WHERE minute = ?1 AND last_row <= ?2"},
         }) {
        auto prepared = store.prepare(sql);
        if (!prepared) return prepared.error();
        made.*into = std::move(*prepared);
    }
    return made;
}

void rollups::forget() noexcept {
    changes_.clear();
    names_there_.clear();
}

result<> rollups::write(database const& store) {
    auto periods = changes_.take();
    for (auto const& [minute, what] : periods)
        if (auto written = write_rows(store, minute, what); !written) return written;
    // Each span is the sum of those of the one below, so that a value is looked up once a span, not once a document.
    for (auto const span : rollup_spans) {
        if (span != rollup_spans.front()) periods = summed(periods, span);
        for (auto const& [start, what] : periods)
            if (auto written = write_period(store, span, start, what); !written) return written;
    }
    return {};
}

result<> rollups::write_rows(database const& store, std::int64_t minute, rollup_period const& what) {
    if (what.removed_row != 0) {
        remove_rows_.bind(1, minute);
        remove_rows_.bind(2, what.removed_row);
        if (auto done = run_once(store, remove_rows_); !done) return done;
    }
    if (what.first_row == 0) return {};
    add_rows_.bind(1, minute);
    add_rows_.bind(2, what.first_row);
    add_rows_.bind(3, what.last_row);
    return run_once(store, add_rows_);
}

result<> rollups::write_period(database const& store, std::int64_t span, std::int64_t start,
                               rollup_period const& what) {
    rollup_key where{.span = span, .start = start, .field = 0};
    for (; where.field < static_cast<std::int64_t>(what.fields.size()); ++where.field) {
        auto const index = static_cast<std::size_t>(where.field);
        if (auto done = write_field(store, where, what.fields[index], what.others[index]); !done) return done;
    }
    return {};
}

result<> rollups::write_field(database const& store, rollup_key const& where, rollup_values const& known,
                              rollup_change others) {
    newcomers_.clear();
    bool removed = others.documents < 0;
    for (auto const& [value, by] : known) {
        removed = removed || by.documents < 0;
        auto const updated = update(store, where, value, by);
        if (!updated) return updated.error();
        if (*updated) continue;
        if (by.documents > 0) {
            newcomers_.push_back({.value = value, .by = by});
        } else if (auto done = take_away(store, where, value, by, others); !done) {
            return done;
        }
    }
    if (!newcomers_.empty())
        if (auto done = add_names(store, where, others); !done) return done;
    if (others.documents != 0 || others.bytes != 0)
        if (auto done = put_others(store, where, others); !done) return done;
    return removed ? remove_empty(store, where) : result<>{};
}

void rollups::bind(statement& what, rollup_key const& where) {
    what.bind(1, where.span);
    what.bind(2, where.field);
    what.bind(3, where.start);
}

result<bool> rollups::update(database const& store, rollup_key const& where, std::string_view value,
                             rollup_change const& by) {
    bind(update_, where);
    update_.bind(4, value);
    update_.bind(5, by.documents);
    update_.bind(6, by.bytes);
    if (auto done = run_once(store, update_); !done) return done.error();
    return sqlite3_changes(store.handle()) != 0;
}

/// What is taken away from a value was counted by its name, or before it had one. Where its own count does not reach,
/// the rest is the others', and the most that it may have had before is less by as many.
result<> rollups::take_away(database const& store, rollup_key const& where, std::string_view value,
                            rollup_change const& by, rollup_change& others) {
    bind(find_, where);
    find_.bind(4, value);
    int const code = find_.step();
    rollup_change const there{.documents = code == SQLITE_ROW ? find_.integer(0) : 0,
                              .bytes = code == SQLITE_ROW ? find_.integer(1) : 0};
    auto const missed = code == SQLITE_ROW ? find_.integer(2) : 0;
    find_.reset();
    if (code != SQLITE_ROW && code != SQLITE_DONE) return store.failure(code, "reading the roll-ups");
    auto const rest = there.documents + by.documents;
    others += {.documents = rest, .bytes = there.bytes + by.bytes};
    if (code == SQLITE_DONE) return {};
    bind(reduce_, where);
    reduce_.bind(4, value);
    reduce_.bind(5, std::max<std::int64_t>(0, missed + rest));
    return run_once(store, reduce_);
}

/// The newcomers get their rows. Without room for all, those of them and those rows with the least go to the
/// others: at most `rollup_values_kept` of either are left, so that a transaction's cost is bounded.
result<> rollups::add_names(database const& store, rollup_key const& where, rollup_change& others) {
    auto const found = names_of(store, where);
    if (!found) return found.error();
    auto& there = **found;
    auto const missed_before = there.missed;
    constexpr auto kept = static_cast<std::size_t>(rollup_values_kept);
    auto const is_room = [&] {
        return there.count + static_cast<std::int64_t>(newcomers_.size()) <= rollup_values_max;
    };
    if (!is_room() && newcomers_.size() > kept) {
        auto const end = newcomers_.begin() + rollup_values_kept;
        std::ranges::nth_element(newcomers_, end, [](newcomer const& a, newcomer const& b) {
            return a.by.documents != b.by.documents ? a.by.documents > b.by.documents : a.value < b.value;
        });
        there.missed += end->by.documents;  // the most of those that are left out
        for (auto each = end; each != newcomers_.end(); ++each) others += each->by;
        newcomers_.erase(end, newcomers_.end());
    }
    if (!is_room())
        if (auto done = evict(store, where, there, others); !done) return done;
    there.count += static_cast<std::int64_t>(newcomers_.size());
    for (auto const& each : newcomers_) {
        bind(insert_, where);
        insert_.bind(4, each.value);
        insert_.bind(5, each.by.documents);
        insert_.bind(6, each.by.bytes);
        insert_.bind(7, missed_before);
        if (auto done = run_once(store, insert_); !done) return done;
    }
    return {};
}

result<> rollups::evict(database const& store, rollup_key const& where, names& there, rollup_change& others) {
    bind(evict_, where);
    evict_.bind(4, rollup_values_kept);
    int code = SQLITE_ROW;
    while ((code = evict_.step()) == SQLITE_ROW) {
        others += {.documents = evict_.integer(0), .bytes = evict_.integer(1)};
        there.missed = std::max(there.missed, evict_.integer(2));
        --there.count;
    }
    evict_.reset();
    return code == SQLITE_DONE ? result<>{} : store.failure(code, "evicting from the roll-ups");
}

result<> rollups::put_others(database const& store, rollup_key const& where, rollup_change const& by) {
    auto const known = names_there_.find(where);
    bind(others_, where);
    others_.bind(4, by.documents);
    others_.bind(5, by.bytes);
    others_.bind(6, known == names_there_.end() ? std::int64_t{0} : known->second.missed);
    return run_once(store, others_);
}

/// Rows of values that have no documents any more, and the others' with the last of all.
result<> rollups::remove_empty(database const& store, rollup_key const& where) {
    rollup_change left;
    bind(remove_empty_, where);
    int code = SQLITE_ROW;
    while ((code = remove_empty_.step()) == SQLITE_ROW) left.bytes += remove_empty_.integer(0);
    remove_empty_.reset();
    if (code != SQLITE_DONE) return store.failure(code, "removing from the roll-ups");
    if (left.bytes != 0)
        if (auto done = put_others(store, where, left); !done) return done;
    bind(remove_others_, where);
    if (auto done = run_once(store, remove_others_); !done) return done;
    names_there_.erase(where);
    return {};
}

result<rollups::names*> rollups::names_of(database const& store, rollup_key const& where) {
    if (auto const known = names_there_.find(where); known != names_there_.end()) return &known->second;
    if (names_there_.size() >= keys_known_max) names_there_.clear();
    bind(names_, where);
    int const code = names_.step();
    names const there{.count = code == SQLITE_ROW ? names_.integer(0) : 0,
                      .missed = code == SQLITE_ROW ? names_.integer(1) : 0};
    names_.reset();
    if (code != SQLITE_ROW) return store.failure(code, "counting the roll-ups");
    return &names_there_.emplace(where, there).first->second;
}

}  // namespace logpipe::store
