#include "rollups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe {

namespace {

constexpr std::size_t places_known_max = 4'096;

[[nodiscard]] result<> run_once(database const& store, statement& what) {
    int const code = what.step();
    auto done = code == SQLITE_DONE ? result<>{} : store.failure(code, "writing the roll-ups");
    what.reset();
    return done;
}

}  // namespace

result<rollups> rollups::prepare(database& store) {
    rollups made;
    struct wanted {
        statement rollups::* into;
        char const* sql;
    };
    for (auto const& [into, sql] : {
             wanted{&rollups::update_,
                    "UPDATE rollups SET documents = documents + ?5, bytes = bytes + ?6"
                    " WHERE span = ?1 AND field = ?2 AND start = ?3 AND value = ?4"},
             wanted{&rollups::insert_,
                    "INSERT INTO rollups (span, field, start, value, documents, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                    " ON CONFLICT DO UPDATE SET documents = documents + excluded.documents,"
                    " bytes = bytes + excluded.bytes"},
             wanted{&rollups::count_, "SELECT count(*) FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3"},
             wanted{&rollups::remove_empty_,
                    "DELETE FROM rollups WHERE span = ?1 AND field = ?2 AND start = ?3"
                    " AND documents = 0 AND bytes = 0"},
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

void rollups::add(document_row const& document, std::int64_t received_ms, std::int64_t row) {
    auto& into = count(document, received_ms, 1);
    into.first_row = into.first_row == 0 ? row : std::min(into.first_row, row);
    into.last_row = std::max(into.last_row, row);
}

void rollups::remove(document_row const& document, std::int64_t received_ms, std::int64_t row) {
    auto& from = count(document, received_ms, -1);
    from.removed_row = std::max(from.removed_row, row);
}

rollups::period& rollups::count(document_row const& document, std::int64_t received_ms, std::int64_t sign) {
    auto const minute = minute_of(document.time_ms.value_or(received_ms));
    if (last_ == nullptr || minute != last_minute_) {
        last_ = &minutes_[minute];  // the map's elements stay where they are
        last_minute_ = minute;
    }
    auto const bytes = sign * document.bytes.value_or(0);
    auto const count_value = [&](log_field field, std::optional<std::string_view> const& value) {
        if (!value) return;
        auto const index = static_cast<std::size_t>(field);
        auto* into = &last_->others[index];
        if (value->size() <= rollup_value_bytes_max) {
            auto& known = last_->fields[index];
            auto found = known.find(*value);
            if (found == known.end()) found = known.emplace(std::string{*value}, change{}).first;
            into = &found->second;
        }
        into->documents += sign;
        into->bytes += bytes;
    };
    fmt::memory_buffer status;
    if (document.response) fmt::format_to(std::back_inserter(status), "{}", *document.response);
    count_value(log_field::status, document.response ? std::string_view{status.data(), status.size()} : no_status);
    count_value(log_field::remote_ip, document.remote_ip);
    count_value(log_field::request, document.request);
    count_value(log_field::referrer, document.referrer);
    count_value(log_field::agent, document.agent);
    count_value(log_field::region, document.region);
    return *last_;
}

void rollups::forget() noexcept {
    minutes_.clear();
    last_ = nullptr;
    values_there_.clear();
}

result<> rollups::write(database const& store) {
    last_ = nullptr;
    auto periods = std::exchange(minutes_, {});
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

rollups::period_map rollups::summed(period_map const& periods, std::int64_t span) {
    period_map sums;
    for (auto const& [start, what] : periods) {
        auto& into = sums[floor_to(start, span)];
        for (std::size_t field = 0; field < log_field_count; ++field) {
            for (auto const& [value, by] : what.fields[field]) into.fields[field][value] += by;
            into.others[field] += what.others[field];
        }
    }
    return sums;
}

result<> rollups::write_rows(database const& store, std::int64_t minute, period const& what) {
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

result<> rollups::write_period(database const& store, std::int64_t span, std::int64_t start, period const& what) {
    place where{.span = span, .start = start, .field = 0};
    for (; where.field < static_cast<std::int64_t>(log_field_count); ++where.field) {
        auto const index = static_cast<std::size_t>(where.field);
        bool removed = false;
        for (auto const& [value, by] : what.fields[index]) {
            if (auto done = put(store, where, value, by); !done) return done;
            removed = removed || by.documents < 0;
        }
        auto const& others = what.others[index];
        if (others.documents != 0)
            if (auto done = put_others(store, where, others); !done) return done;
        if (!removed && others.documents >= 0) continue;
        bind(remove_empty_, where);
        if (auto done = run_once(store, remove_empty_); !done) return done;
        values_there_.erase(where);
    }
    return {};
}

void rollups::bind(statement& what, place const& where) {
    what.bind(1, where.span);
    what.bind(2, where.field);
    what.bind(3, where.start);
}

result<> rollups::put(database const& store, place const& where, std::string_view value, change const& by) {
    bind(update_, where);
    update_.bind(4, value);
    update_.bind(5, by.documents);
    update_.bind(6, by.bytes);
    if (auto done = run_once(store, update_); !done) return done;
    if (sqlite3_changes(store.handle()) != 0) return {};
    // What was not kept by name is taken from, or added to, what is counted together. A value that got its name only
    // later is then counted a little wrong, which the sum of all is not.
    if (by.documents < 0) return put_others(store, where, by);
    auto const there = values_of(store, where);
    if (!there) return there.error();
    if (**there >= rollup_values_max) return put_others(store, where, by);
    ++**there;
    bind(insert_, where);
    insert_.bind(4, value);
    insert_.bind(5, by.documents);
    insert_.bind(6, by.bytes);
    return run_once(store, insert_);
}

result<> rollups::put_others(database const& store, place const& where, change const& by) {
    bind(insert_, where);
    insert_.bind(4, rollup_others);
    insert_.bind(5, by.documents);
    insert_.bind(6, by.bytes);
    return run_once(store, insert_);
}

result<std::int64_t*> rollups::values_of(database const& store, place const& where) {
    if (auto const known = values_there_.find(where); known != values_there_.end()) return &known->second;
    if (values_there_.size() >= places_known_max) values_there_.clear();
    bind(count_, where);
    int const code = count_.step();
    auto const there = code == SQLITE_ROW ? count_.integer(0) : 0;
    count_.reset();
    if (code != SQLITE_ROW) return store.failure(code, "counting the roll-ups");
    return &values_there_.emplace(where, there).first->second;
}

}  // namespace logpipe
