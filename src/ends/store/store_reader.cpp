#include "handles.hpp"
#include "schema.hpp"
#include "store/sqlite.hpp"

#include <fmt/format.h>

namespace logpipe::store {

namespace {

using counted = std::vector<std::pair<std::string, std::uint64_t>>;

/// One thread. Sees a snapshot for each call; the writer goes on meanwhile.
class reader final : public store_reader {
  public:
    reader(database store, store_layout layout) : store_{std::move(store)}, layout_{std::move(layout)} {}

    [[nodiscard]] result<std::uint64_t> count() override;
    [[nodiscard]] result<> scan_ids(std::function<result<>(std::string_view)> const& each) override {
        return scan("SELECT id FROM documents ORDER BY id", each);
    }
    [[nodiscard]] result<std::optional<std::string>> find(std::string_view id) override;
    [[nodiscard]] result<> scan_documents(std::function<result<>(std::string_view)> const& each) override {
        return scan("SELECT doc FROM documents", each);
    }
    [[nodiscard]] result<store_summary> summary(std::size_t top_count) override;
    [[nodiscard]] result<std::vector<std::string>> search(std::string const& query, std::size_t count_max) override;

  private:
    [[nodiscard]] result<> scan(char const* query, std::function<result<>(std::string_view)> const& each);
    [[nodiscard]] result<store_summary> read_summary(std::size_t top_count);
    [[nodiscard]] result<counted> count_by(std::string_view column, std::size_t top_count);
    [[nodiscard]] result<event_counts> read_counts();

    database store_;
    store_layout const layout_;
};

result<std::uint64_t> reader::count() {
    auto const documents = store_.integer("SELECT count(*) FROM documents");
    if (!documents) return documents.error();
    return static_cast<std::uint64_t>(*documents);
}

result<> reader::scan(char const* query, std::function<result<>(std::string_view)> const& each) {
    auto selected = store_.prepare(query);
    if (!selected) return selected.error();
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW)
        if (auto taken = each(selected->text(0)); !taken) return taken;
    if (code != SQLITE_DONE) return store_.failure(code, "reading the documents");
    return {};
}

result<std::optional<std::string>> reader::find(std::string_view id) {
    auto selected = store_.prepare("SELECT doc FROM documents WHERE id = ?1");
    if (!selected) return selected.error();
    selected->bind(1, id);
    int const code = selected->step();
    if (code == SQLITE_ROW) return std::optional<std::string>{selected->text(0)};
    if (code == SQLITE_DONE) return std::optional<std::string>{};
    return store_.failure(code, "finding a document");
}

result<store_summary> reader::summary(std::size_t top_count) {
    // One transaction, so that the figures are of one moment.
    if (auto begun = store_.run("BEGIN"); !begun) return begun.error();
    auto all = read_summary(top_count);
    auto ended = store_.run("COMMIT");
    if (all && !ended) return ended.error();
    return all;
}

result<store_summary> reader::read_summary(std::size_t top_count) {
    store_summary all;
    auto const documents = count();
    if (!documents) return documents.error();
    all.documents = *documents;
    if (layout_.size_column() != store_layout::none) {
        auto const size = store_layout::quoted(layout_.columns()[layout_.size_column()].name);
        auto const sum = store_.integer(fmt::format("SELECT coalesce(sum({}), 0) FROM documents", size));
        if (!sum) return sum.error();
        all.size_sum = static_cast<std::uint64_t>(*sum);
    }
    for (std::size_t facet = 0; facet < layout_.facets().size(); ++facet) {
        auto values = count_by(store_layout::quoted(layout_.facet(facet).name), top_count);
        if (!values) return values.error();
        all.facets.push_back(*std::move(values));
    }
    auto const counts = read_counts();
    if (!counts) return counts.error();
    all.counts = *counts;
    return all;
}

result<counted> reader::count_by(std::string_view column, std::size_t top_count) {
    auto selected = store_.prepare(fmt::format(
        "SELECT {0}, count(*) FROM documents WHERE {0} IS NOT NULL GROUP BY {0} ORDER BY count(*) DESC, {0} LIMIT ?1",
        column));
    if (!selected) return selected.error();
    selected->bind(1, static_cast<std::int64_t>(top_count));
    counted found;
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW)
        found.emplace_back(selected->text(0), static_cast<std::uint64_t>(selected->integer(1)));
    if (code != SQLITE_DONE) return store_.failure(code, "counting documents");
    return found;
}

result<event_counts> reader::read_counts() {
    auto const with_dropped = has_dropped(store_);
    if (!with_dropped) return with_dropped.error();
    auto selected = store_.prepare(
        fmt::format("SELECT coalesce(sum(events_in), 0), coalesce(sum(indexed), 0), coalesce(sum(already_there), 0),"
                    " coalesce(sum(dead), 0), {} FROM positions",
                    *with_dropped ? "coalesce(sum(dropped), 0)" : "0"));
    if (!selected) return selected.error();
    int const code = selected->step();
    if (code != SQLITE_ROW) return store_.failure(code, "reading the counts");
    auto const number = [&selected](int column) { return static_cast<std::uint64_t>(selected->integer(column)); };
    return event_counts{
        .in = number(0), .indexed = number(1), .duplicates = number(2), .dead = number(3), .dropped = number(4)};
}

result<std::vector<std::string>> reader::search(std::string const& query, std::size_t count_max) {
    auto const searchable = has_full_text(store_);
    if (!searchable) return searchable.error();
    if (!*searchable) return error{errc::not_found, "the store has no full-text index"};
    auto selected = store_.prepare(
        "SELECT doc FROM documents WHERE row IN (SELECT rowid FROM documents_text WHERE documents_text MATCH ?1"
        " ORDER BY rowid DESC LIMIT ?2) ORDER BY row DESC");
    if (!selected) return selected.error();
    selected->bind(1, std::string_view{query});
    selected->bind(2, static_cast<std::int64_t>(count_max));
    std::vector<std::string> found;
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW) found.push_back(selected->text(0));
    // SQLITE_ERROR is FTS5's word for a query that it cannot read.
    if ((code & 0xff) == SQLITE_ERROR)
        return error{errc::invalid_argument, store_.failure(code, fmt::format("searching for {}", query)).message};
    if (code != SQLITE_DONE) return store_.failure(code, "searching");
    return found;
}

}  // namespace

result<std::unique_ptr<store_reader>> open_store(std::string const& path, schema const& documents) {
    auto store = database::open(path, database_mode::read_only);
    if (!store) return store.error();
    // A reader waits only for moments such as the recovery after a crash.
    sqlite3_busy_timeout(store->handle(), 5000);
    store_layout layout{documents};
    bool const is_any = documents.fields.empty();
    if (auto good = check_store(*store, path, is_any ? nullptr : &layout); !good) return good.error();
    return std::unique_ptr<store_reader>{std::make_unique<reader>(std::move(*store), std::move(layout))};
}

}  // namespace logpipe::store
