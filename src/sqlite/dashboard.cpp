#include "logpipe/dashboard.hpp"

#include "handles.hpp"
#include "rollups.hpp"
#include "schema.hpp"
#include "tally.hpp"
#include "view_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace logpipe {

namespace {

using std::chrono::steady_clock;

constexpr std::int64_t bars_max = 100;
constexpr std::array<std::int64_t, 14> bar_sizes{1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10'080};

std::int64_t bar_for(std::int64_t minutes) {
    for (auto const size : bar_sizes)
        if (minutes <= size * bars_max) return size;
    constexpr std::int64_t day = 1440;
    return day * (minutes / (day * bars_max) + 1);
}

/// A stretch of time that roll-ups of one span cover.
struct piece {
    std::int64_t span = 1;
    std::int64_t from = 0;
    std::int64_t to = 0;
};

/// The fewest roll-ups that make up [from, to), none of them longer than `span_max`.
std::vector<piece> pieces_of(std::int64_t from, std::int64_t to, std::int64_t span_max) {
    std::vector<piece> pieces{{.span = rollup_spans.front(), .from = from, .to = to}};
    for (auto const span : rollup_spans) {
        if (span == rollup_spans.front() || span > span_max) continue;
        // The last piece is the longest span's: what of it a longer one can cover is cut out of it.
        auto const whole = pieces.back();
        auto const begin = floor_to(whole.from + span - 1, span);
        auto const end = floor_to(whole.to, span);
        if (begin >= end) break;
        pieces.back() = {.span = whole.span, .from = whole.from, .to = begin};
        pieces.push_back({.span = whole.span, .from = end, .to = whole.to});
        pieces.push_back({.span = span, .from = begin, .to = end});
    }
    std::erase_if(pieces, [](piece const& each) { return each.from >= each.to; });
    return pieces;
}

/// Ends a call that takes too long, by SQLite's progress handler.
class time_limit final {
  public:
    time_limit(database const& store, std::chrono::milliseconds time)
        : connection_{store.handle()}, end_{steady_clock::now() + time} {
        constexpr int instructions_between = 10'000;
        sqlite3_progress_handler(connection_, instructions_between, is_over, this);
    }
    time_limit(time_limit const&) = delete;
    time_limit& operator=(time_limit const&) = delete;
    ~time_limit() { sqlite3_progress_handler(connection_, 0, nullptr, nullptr); }

  private:
    static int is_over(void* self) { return steady_clock::now() > static_cast<time_limit*>(self)->end_ ? 1 : 0; }

    sqlite3* const connection_;
    steady_clock::time_point const end_;
};

/// Takes rows a portion at a time, from the newest on, as long as there is time.
class newest_first final {
  public:
    newest_first(row_range rows, dashboard_options const& options)
        : rows_{rows}, options_{options}, end_{steady_clock::now() + options.time_usual} {}

    [[nodiscard]] std::optional<row_range> next() {
        bool const is_enough = looked_at_ >= options_.rows_min && steady_clock::now() >= end_;
        if (rows_.empty() || is_enough || looked_at_ >= options_.rows_max) return std::nullopt;
        auto const count =
            static_cast<std::int64_t>(std::min({portion_rows, rows_.count(), options_.rows_max - looked_at_}));
        row_range const portion{.first = rows_.last - count + 1, .last = rows_.last};
        rows_.last = portion.first - 1;
        looked_at_ += portion.count();
        return portion;
    }
    [[nodiscard]] std::uint64_t looked_at() const noexcept { return looked_at_; }
    [[nodiscard]] std::optional<row_range> left() const { return rows_.empty() ? std::nullopt : std::optional{rows_}; }

  private:
    static constexpr std::uint64_t portion_rows = 16'384;

    row_range rows_;
    dashboard_options const& options_;
    steady_clock::time_point const end_;
    std::uint64_t looked_at_ = 0;
};

log_counts counts_of(statement const& asked, int column) {
    auto const number = [&](int at) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, asked.integer(at)));
    };
    return {.documents = number(column), .bytes = number(column + 1)};
}

class dashboard final : public log_dashboard {
  public:
    dashboard(dashboard_options options, database store) : options_{std::move(options)}, store_{std::move(store)} {}

    [[nodiscard]] result<log_overview> overview(log_view const& view) override {
        return in_transaction([&] { return read_overview(view); });
    }
    [[nodiscard]] result<log_lines> lines(log_view const& view, std::int64_t before, std::size_t count_max) override {
        return in_transaction([&] { return read_lines(view, before, count_max); });
    }

  private:
    template <class Read>
    auto in_transaction(Read read) -> decltype(read()) {
        time_limit const limit{store_, options_.time_max};
        // One transaction, so that the figures are of one moment.
        if (auto begun = store_.run("BEGIN"); !begun) return begun.error();
        auto answer = read();
        auto ended = store_.run("COMMIT");
        if (answer && !ended) return ended.error();
        return answer;
    }

    [[nodiscard]] result<log_overview> read_overview(log_view const& view);
    [[nodiscard]] result<log_lines> read_lines(log_view const& view, std::int64_t before, std::size_t count_max);
    [[nodiscard]] result<log_view> cut_to_data(log_view const& view);
    [[nodiscard]] result<row_range> rows_of(log_view const& view);
    [[nodiscard]] result<std::uint64_t> documents_in(log_view const& view);
    [[nodiscard]] result<> add_rollups(log_view const& view, std::int64_t span_max, log_field field, tally& into);
    [[nodiscard]] result<> add_documents(view_query const& query, tally& into);

    dashboard_options const options_;
    database store_;
};

/// So that bars have the size that fits the data, and not that of all time.
result<log_view> dashboard::cut_to_data(log_view const& view) {
    auto asked = store_.prepare("SELECT (SELECT min(minute) FROM minutes), (SELECT max(minute) FROM minutes)");
    if (!asked) return asked.error();
    if (int const code = asked->step(); code != SQLITE_ROW) return store_.failure(code, "looking for the data's time");
    auto cut = view;
    auto const first = asked->optional_integer(0);
    if (!first) {
        cut.to_minute = cut.from_minute = std::max<std::int64_t>(0, view.from_minute);
        return cut;
    }
    cut.from_minute = std::max(view.from_minute, *first);
    cut.to_minute = std::max(cut.from_minute, std::min(view.to_minute, asked->integer(1) + 1));
    return cut;
}

result<row_range> dashboard::rows_of(log_view const& view) {
    auto asked = store_.prepare("SELECT min(first_row), max(last_row) FROM minutes WHERE minute >= ?1 AND minute < ?2");
    if (!asked) return asked.error();
    asked->bind(1, view.from_minute);
    asked->bind(2, view.to_minute);
    if (int const code = asked->step(); code != SQLITE_ROW) return store_.failure(code, "looking for documents");
    auto const first = asked->optional_integer(0);
    if (!first) return row_range{};
    // Removed documents may still be named there.
    auto const oldest = store_.integer("SELECT min(row) FROM documents");
    if (!oldest) return oldest.error();
    return row_range{.first = std::max(*first, *oldest), .last = asked->integer(1)};
}

result<> dashboard::add_rollups(log_view const& view, std::int64_t span_max, log_field field, tally& into) {
    auto asked = store_.prepare(
        "SELECT start, value, documents, bytes, typeof(value) = 'integer' FROM rollups"
        " WHERE span = ?1 AND field = ?2 AND start >= ?3 AND start < ?4");
    if (!asked) return asked.error();
    for (auto const& each : pieces_of(view.from_minute, view.to_minute, span_max)) {
        asked->bind(1, each.span);
        asked->bind(2, static_cast<std::int64_t>(field));
        asked->bind(3, each.from);
        asked->bind(4, each.to);
        int code = SQLITE_ROW;
        while ((code = asked->step()) == SQLITE_ROW) {
            auto const by = counts_of(*asked, 2);
            bool const others = asked->integer(4) != 0;
            auto const value = asked->optional_text(1).value_or(std::string_view{});
            if (field == log_field::status) into.add_status(asked->integer(0), others ? no_status : value, by);
            if (others)
                into.add_others(field, by);
            else if (field != log_field::status || value != no_status)
                into.add_value(field, value, by);
        }
        if (code != SQLITE_DONE) return store_.failure(code, "reading the roll-ups");
        asked->reset();
    }
    return {};
}

result<std::uint64_t> dashboard::documents_in(log_view const& view) {
    tally sums{rollup_spans.back()};
    if (auto added = add_rollups(view, rollup_spans.back(), log_field::status, sums); !added) return added.error();
    log_overview all;
    sums.finish(0, all);
    return all.total.documents;
}

result<> dashboard::add_documents(view_query const& query, tally& into) {
    auto asked = query.prepare(
        store_, "coalesce(time_ms, received_ms), bytes, response, remote_ip, request, referrer, agent, region");
    if (!asked) return asked.error();
    constexpr int first_field_column = 2;  // then as in log_field
    int code = SQLITE_ROW;
    while ((code = asked->step()) == SQLITE_ROW) {
        log_counts const by{.documents = 1,
                            .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, asked->integer(1)))};
        auto const minute = minute_of(asked->integer(0));
        for (std::size_t field = 0; field < log_field_count; ++field) {
            auto const value = asked->optional_text(first_field_column + static_cast<int>(field));
            auto const named = static_cast<log_field>(field);
            if (named == log_field::status) into.add_status(minute, value.value_or(no_status), by);
            if (value) into.add_value(named, *value, by);
        }
    }
    if (code != SQLITE_DONE) return store_.failure(code, "counting documents");
    return {};
}

result<log_overview> dashboard::read_overview(log_view const& view) {
    auto const cut = cut_to_data(view);
    if (!cut) return cut.error();
    log_overview all{.view = *cut, .bar_minutes = bar_for(cut->to_minute - cut->from_minute)};
    tally sums{all.bar_minutes};
    if (view.filters.empty() && view.search.empty()) {
        for (std::size_t field = 0; field < log_field_count; ++field) {
            auto const named = static_cast<log_field>(field);
            // Statuses are the bars: a span must not be longer than one.
            auto const span_max = named == log_field::status ? all.bar_minutes : rollup_spans.back();
            if (auto added = add_rollups(*cut, span_max, named, sums); !added) return added.error();
        }
        sums.finish(options_.top_count, all);
        all.looked_at = all.in_range = all.total.documents;
        return all;
    }
    auto const in_range = documents_in(*cut);
    if (!in_range) return in_range.error();
    auto const rows = rows_of(*cut);
    if (!rows) return rows.error();
    auto const full_text = has_full_text(store_);
    if (!full_text) return full_text.error();
    newest_first looking{*rows, options_};
    while (auto const portion = looking.next())
        if (auto added = add_documents({*cut, *portion, *full_text}, sums); !added) return added.error();
    sums.finish(options_.top_count, all);
    all.in_range = *in_range;
    all.looked_at = looking.left() ? std::min(*in_range, looking.looked_at()) : *in_range;
    return all;
}

result<log_lines> dashboard::read_lines(log_view const& view, std::int64_t before, std::size_t count_max) {
    auto const cut = cut_to_data(view);
    if (!cut) return cut.error();
    auto rows = rows_of(*cut);
    if (!rows) return rows.error();
    if (before > 0) rows->last = std::min(rows->last, before - 1);
    auto const full_text = has_full_text(store_);
    if (!full_text) return full_text.error();
    log_lines found;
    std::size_t bytes = 0;
    newest_first looking{*rows, options_};
    while (auto const portion = looking.next()) {
        auto asked = view_query{*cut, *portion, *full_text}.prepare(store_, "row, doc");
        if (!asked) return asked.error();
        int code = SQLITE_ROW;
        while ((code = asked->step()) == SQLITE_ROW) {
            if (found.lines.size() == count_max || bytes >= options_.lines_bytes_max) {
                found.before = found.lines.back().row;
                return found;
            }
            found.lines.push_back({.row = asked->integer(0), .document = asked->text(1)});
            bytes += found.lines.back().document.size();
        }
        if (code != SQLITE_DONE) return store_.failure(code, "reading documents");
    }
    if (auto const left = looking.left()) found.before = left->last + 1;
    return found;
}

}  // namespace

result<std::unique_ptr<log_dashboard>> open_dashboard(dashboard_options options) {
    auto store = database::open(options.path, database_mode::read_only);
    if (!store) return store.error();
    // A reader waits only for moments such as the recovery after a crash.
    sqlite3_busy_timeout(store->handle(), 1000);
    if (auto good = check_store(*store, options.path); !good) return good.error();
    return std::unique_ptr<log_dashboard>{std::make_unique<dashboard>(std::move(options), std::move(*store))};
}

}  // namespace logpipe
