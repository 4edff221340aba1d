#include "store/dashboard.hpp"

#include "document_counts.hpp"
#include "handles.hpp"
#include "rollups.hpp"
#include "schema.hpp"
#include "search_words.hpp"
#include "tally.hpp"
#include "view_query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace logpipe::store {

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

log_counts counts_of(statement const& selected, int column) {
    auto const number = [&](int at) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(0, selected.integer(at)));
    };
    return {.documents = number(column), .bytes = number(column + 1)};
}

class dashboard final : public log_dashboard {
  public:
    dashboard(dashboard_options options, store_layout layout, database store, search_words words)
        : options_{std::move(options)},
          layout_{std::move(layout)},
          store_{std::move(store)},
          words_{std::move(words)} {}

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
        auto response = read();
        auto ended = store_.run("COMMIT");
        if (response && !ended) return ended.error();
        return response;
    }

    [[nodiscard]] result<log_overview> read_overview(log_view const& view);
    [[nodiscard]] result<log_lines> read_lines(log_view const& view, std::int64_t before, std::size_t count_max);
    [[nodiscard]] result<log_view> cut_to_data(log_view const& view);
    [[nodiscard]] result<row_range> rows_of(log_view const& view);
    [[nodiscard]] result<std::uint64_t> documents_in(log_view const& view);
    [[nodiscard]] result<> add_rollups(log_view const& view, std::int64_t span_max, std::size_t field, tally& into);
    [[nodiscard]] result<text_search> search_of(log_view const& view);
    /// The newest rows of the view in `rows`, newest first.
    [[nodiscard]] result<std::vector<std::int64_t>> newest_in(view_query const& query, std::size_t count_max);

    dashboard_options const options_;
    store_layout const layout_;
    database store_;
    search_words words_;
    document_counts counts_{layout_};
};

/// So that bars have the size that fits the data, and not that of all time.
result<log_view> dashboard::cut_to_data(log_view const& view) {
    auto selected = store_.prepare("SELECT (SELECT min(minute) FROM minutes), (SELECT max(minute) FROM minutes)");
    if (!selected) return selected.error();
    if (int const code = selected->step(); code != SQLITE_ROW)
        return store_.failure(code, "finding the time range of the documents");
    auto cut = view;
    auto const first = selected->optional_integer(0);
    if (!first) {
        cut.to_minute = cut.from_minute = std::max<std::int64_t>(0, view.from_minute);
        return cut;
    }
    cut.from_minute = std::max(view.from_minute, *first);
    cut.to_minute = std::max(cut.from_minute, std::min(view.to_minute, selected->integer(1) + 1));
    return cut;
}

result<row_range> dashboard::rows_of(log_view const& view) {
    auto selected =
        store_.prepare("SELECT min(first_row), max(last_row) FROM minutes WHERE minute >= ?1 AND minute < ?2");
    if (!selected) return selected.error();
    selected->bind(1, view.from_minute);
    selected->bind(2, view.to_minute);
    if (int const code = selected->step(); code != SQLITE_ROW) return store_.failure(code, "finding documents");
    auto const first = selected->optional_integer(0);
    if (!first) return row_range{};
    // Removed documents may still be named there.
    auto const oldest = store_.integer("SELECT min(row) FROM documents");
    if (!oldest) return oldest.error();
    return row_range{.first = std::max(*first, *oldest), .last = selected->integer(1)};
}

result<> dashboard::add_rollups(log_view const& view, std::int64_t span_max, std::size_t field, tally& into) {
    bool const is_total = field == layout_.total_field();
    bool const is_facet = field < layout_.facets().size();
    auto selected = store_.prepare(
        "SELECT start, value, documents, bytes, typeof(value) = 'integer', missed FROM rollups"
        " WHERE span = ?1 AND field = ?2 AND start >= ?3 AND start < ?4 ORDER BY start, value");
    if (!selected) return selected.error();
    for (auto const& each : pieces_of(view.from_minute, view.to_minute, span_max)) {
        selected->bind(1, each.span);
        selected->bind(2, static_cast<std::int64_t>(field));
        selected->bind(3, each.from);
        selected->bind(4, each.to);
        int code = SQLITE_ROW;
        std::int64_t start = -1;
        std::int64_t others_missed = 0;  // of this start, whose others come first
        while ((code = selected->step()) == SQLITE_ROW) {
            auto const by = counts_of(*selected, 2);
            if (std::exchange(start, selected->integer(0)) != selected->integer(0)) others_missed = 0;
            bool const others = selected->integer(4) != 0;
            auto const value = selected->optional_text(1).value_or(std::string_view{});
            if (is_total) into.add_status(selected->integer(0), others ? no_status : value, by);
            if (others) others_missed = selected->integer(5);
            if (!is_facet) continue;
            if (others)
                into.add_others(field, by, others_missed);
            else if (!is_total || value != no_status)
                into.add_value(field, value, by, selected->integer(5) - others_missed);
        }
        if (code != SQLITE_DONE) return store_.failure(code, "reading the roll-ups");
        selected->reset();
    }
    return {};
}

result<std::uint64_t> dashboard::documents_in(log_view const& view) {
    tally sums{layout_.facets().size(), rollup_spans.back()};
    if (auto added = add_rollups(view, rollup_spans.back(), layout_.total_field(), sums); !added) return added.error();
    log_overview all;
    sums.show(0, all);
    return all.total.documents;
}

result<log_overview> dashboard::read_overview(log_view const& view) {
    auto const cut = cut_to_data(view);
    if (!cut) return cut.error();
    log_overview all{.view = *cut, .bar_minutes = bar_for(cut->to_minute - cut->from_minute)};
    tally sums{layout_.facets().size(), all.bar_minutes};
    if (view.filters.empty() && view.search.empty()) {
        for (std::size_t field = 0; field < layout_.counted_fields(); ++field) {
            // The totals are the bars: a span must not be longer than one.
            auto const span_max = field == layout_.total_field() ? all.bar_minutes : rollup_spans.back();
            if (auto added = add_rollups(*cut, span_max, field, sums); !added) return added.error();
        }
        sums.show(options_.top_count, all);
        all.counted = all.in_range = all.total.documents;
        return all;
    }
    auto const in_range = documents_in(*cut);
    if (!in_range) return in_range.error();
    auto const rows = rows_of(view);
    if (!rows) return rows.error();
    auto const search = search_of(view);
    if (!search) return search.error();
    auto const count = counts_.count_on(store_, view, all.bar_minutes, *rows, *search, options_);
    if (!count) return count.error();
    auto const counted = (*count)->counted;
    (*count)->sums.show(options_.top_count, all);
    all.in_range = *in_range;
    bool const is_whole = counted.count() == rows->count();
    all.counted = is_whole ? *in_range : std::min(*in_range, static_cast<std::uint64_t>(counted.count()));
    all.incomplete = next_portion(counted, *rows, 1, options_.rows_max).has_value();
    return all;
}

result<text_search> dashboard::search_of(log_view const& view) {
    auto const full_text = has_full_text(store_);
    if (!full_text) return full_text.error();
    return words_.plan(store_, view.search, *full_text);
}

result<std::vector<std::int64_t>> dashboard::newest_in(view_query const& query, std::size_t count_max) {
    auto selected = query.prepare(store_, "row");
    if (!selected) return selected.error();
    std::vector<std::int64_t> rows;
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW) rows.push_back(selected->integer(0));
    if (code != SQLITE_DONE) return store_.failure(code, "finding documents");
    std::ranges::reverse(rows);
    rows.resize(std::min(rows.size(), count_max));
    return rows;
}

result<log_lines> dashboard::read_lines(log_view const& view, std::int64_t before, std::size_t count_max) {
    auto rows = rows_of(view);
    if (!rows) return rows.error();
    if (before > 0) rows->last = std::min(rows->last, before - 1);
    auto const search = search_of(view);
    if (!search) return search.error();
    auto selected = store_.prepare("SELECT doc FROM documents WHERE row = ?1");
    if (!selected) return selected.error();
    log_lines found;
    std::size_t bytes = 0;
    row_range searched;
    row_pace pace{options_.rows_first, options_.time_usual};
    while (auto const most = pace.next()) {
        auto const portion = next_portion(searched, *rows, most, options_.rows_max);
        if (!portion) return found;
        auto const newest = newest_in({view, *portion, *search, layout_}, count_max - found.lines.size());
        if (!newest) return newest.error();
        for (auto const row : *newest) {
            selected->bind(1, row);
            if (int const code = selected->step(); code != SQLITE_ROW)
                return store_.failure(code, "reading a document");
            found.lines.push_back({.row = row, .document = selected->text(0)});
            selected->reset();
            bytes += found.lines.back().document.size();
            if (found.lines.size() < count_max && bytes < options_.lines_bytes_max) continue;
            if (row > rows->first) found.before = row;
            return found;
        }
        searched = joined(searched, *portion);
    }
    if (searched.first > rows->first) found.before = searched.first;
    return found;
}

}  // namespace

result<std::unique_ptr<log_dashboard>> open_dashboard(dashboard_options options) {
    auto store = database::open(options.path, database_mode::read_only);
    if (!store) return store.error();
    // A reader waits only for moments such as the recovery after a crash.
    sqlite3_busy_timeout(store->handle(), 1000);
    store_layout layout{options.documents};
    if (auto good = check_store(*store, options.path, &layout); !good) return good.error();
    if (auto set = store->run("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -16384"); !set) return set.error();
    auto words = search_words::prepare(*store);
    if (!words) return words.error();
    return std::unique_ptr<log_dashboard>{
        std::make_unique<dashboard>(std::move(options), std::move(layout), std::move(*store), std::move(*words))};
}

}  // namespace logpipe::store
