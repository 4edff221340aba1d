#include "schema.hpp"

#include "core/log.hpp"
#include "rollups.hpp"

#include <fmt/format.h>

namespace logpipe::store {

namespace {

/// "logp", so that `file` and logpipe recognise a store among other databases.
constexpr std::int64_t application_id = 0x6c6f6770;

/// What is damaged is named with its file already.
[[nodiscard]] error in_store(std::string const& path, error const& reason) {
    return reason.code == errc::corrupt ? reason : in_context(path, reason);
}

[[nodiscard]] result<bool> is_empty(database& store) {
    auto const tables = store.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    return *tables == 0;
}

[[nodiscard]] result<> remember(database& store, store_layout const& layout) {
    if (auto made = store.run(create_made_for); !made) return made;
    auto insert = store.prepare("INSERT INTO made_for (description) VALUES (?1)");
    if (!insert) return insert.error();
    auto const description = layout.description();
    insert->bind(1, std::string_view{description});
    int const code = insert->step();
    return code == SQLITE_DONE ? result<>{} : store.failure(code, "writing what the store is made for");
}

[[nodiscard]] result<> create(database& store, store_layout const& layout) {
    auto const marks =
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", application_id, store_version);
    auto const documents = create_documents(layout);
    if (auto begun = store.run("BEGIN IMMEDIATE"); !begun) return begun;
    for (char const* const sql : {documents.c_str(), create_positions, create_rollups, marks.c_str()})
        if (auto done = store.run(sql); !done) return done;
    if (auto remembered = remember(store, layout); !remembered) return remembered;
    return store.run("COMMIT");
}

[[nodiscard]] result<> in_transaction(database& store, std::initializer_list<char const*> steps) {
    if (auto begun = store.run("BEGIN IMMEDIATE"); !begun) return begun;
    for (char const* const sql : steps) {
        if (auto done = store.run(sql); !done) {
            if (store.in_transaction())
                static_cast<void>(store.run("ROLLBACK"));  // the first failure is the one to report
            return done;
        }
    }
    return store.run("COMMIT");
}

[[nodiscard]] result<> fill_rollups(database& store, store_layout const& layout) {
    constexpr std::size_t documents_at_a_time = 100'000;  // what is remembered in between is bounded
    auto counts = rollups::prepare(store, layout);
    if (!counts) return counts.error();
    auto all = store.prepare(select_counted(layout));
    if (!all) return all.error();
    int code = SQLITE_ROW;
    counted_document counted;
    for (std::size_t read = 1; (code = all->step()) == SQLITE_ROW; ++read) {
        read_counted(*all, layout, counted);
        counts->add(counted.document, counted.received_ms, counted.row);
        if (read % documents_at_a_time != 0) continue;
        if (auto written = counts->write(store); !written) return written;
    }
    if (code != SQLITE_DONE) return store.failure(code, "counting the documents");
    return counts->write(store);
}

[[nodiscard]] result<> upgrade_in_transaction(database& store, store_layout const& layout) {
    for (char const* const sql : {"DROP TABLE IF EXISTS rollups", "DROP TABLE IF EXISTS minutes", create_rollups})
        if (auto made = store.run(sql); !made) return made;
    if (auto filled = fill_rollups(store, layout); !filled) return filled;
    return store.run(fmt::format("PRAGMA user_version = {}", store_version).c_str());
}

/// Roll-ups can be made of the documents at any time: those of an older version are.
[[nodiscard]] result<> upgrade(database& store, std::string const& path, store_layout const& layout,
                               std::int64_t version) {
    log_info("sqlite_sink: {}: upgraded from version {} to {}: its documents are counted once", path, version,
             store_version);
    if (auto begun = store.run("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto done = upgrade_in_transaction(store, layout); !done) {
        if (store.in_transaction()) static_cast<void>(store.run("ROLLBACK"));  // the first failure is the one to report
        return done;
    }
    return store.run("COMMIT");
}

[[nodiscard]] result<> match_full_text(database& store, store_layout const& layout, bool wanted) {
    auto const there = has_full_text(store);
    if (!there) return there.error();
    if (*there == wanted) return {};
    if (!wanted) {
        log_info("sqlite_sink: removing the full-text index: as --full-text says");
        return in_transaction(store, {"DROP TABLE documents_text"});
    }
    auto const documents = store.integer("SELECT count(*) FROM documents");
    if (!documents) return documents.error();
    if (*documents > 0) log_info("sqlite_sink: creating a full-text index of {} documents", *documents);
    return in_transaction(
        store, {create_full_text(layout).c_str(), "INSERT INTO documents_text (documents_text) VALUES ('rebuild')"});
}

}  // namespace

result<bool> has_dropped(database& store) {
    auto const there = store.integer("SELECT count(*) FROM pragma_table_info('positions') WHERE name = 'dropped'");
    if (!there) return there.error();
    return *there != 0;
}

result<bool> has_full_text(database& store) {
    auto const there = store.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'documents_text'");
    if (!there) return there.error();
    return *there != 0;
}

std::string create_documents(store_layout const& layout) {
    std::string columns;
    for (auto const& each : layout.columns())
        columns += fmt::format("{} {},\n", store_layout::quoted(each.name), each.is_number ? "INTEGER" : "TEXT");
    return fmt::format(R"(
    CREATE TABLE documents (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        received_ms INTEGER NOT NULL,
        time_ms INTEGER,
        {}doc TEXT NOT NULL
    ))",
                       columns);
}

std::string select_counted(store_layout const& layout) {
    return fmt::format("SELECT row, received_ms, time_ms{} FROM documents", layout.column_list());
}

void read_counted(statement const& selected, store_layout const& layout, counted_document& into) {
    into.row = selected.integer(0);
    into.received_ms = selected.integer(1);
    into.document.time_ms = selected.optional_integer(2);
    into.document.columns.assign(layout.columns().size(), std::monostate{});
    for (std::size_t i = 0; i < layout.columns().size(); ++i) {
        auto const at = static_cast<int>(i) + 3;
        auto& value = into.document.columns[i];
        if (layout.columns()[i].is_number) {
            if (auto const number = selected.optional_integer(at)) value = *number;
        } else if (auto const text = selected.optional_text(at)) {
            value = *text;
        }
    }
}

void bind_value(statement& into, int index, column_value const& value) {
    if (auto const* number = std::get_if<std::int64_t>(&value))
        into.bind(index, *number);
    else if (auto const* text = std::get_if<std::string_view>(&value))
        into.bind(index, *text);
    else
        into.bind(index, std::optional<std::int64_t>{});
}

std::string insert_document(store_layout const& layout) {
    std::string parameters;
    for (std::size_t i = 1; i <= layout.columns().size() + 4; ++i)
        parameters += fmt::format("{}?{}", i > 1 ? ", " : "", i);
    return fmt::format(
        "INSERT INTO documents (id, received_ms, time_ms{}, doc) VALUES ({}) ON CONFLICT (id) DO NOTHING",
        layout.column_list(), parameters);
}

std::string create_full_text(store_layout const& layout) {
    return fmt::format(R"(
    CREATE VIRTUAL TABLE documents_text USING fts5 (
        {}, content = 'documents', content_rowid = 'row', columnsize = 0);
    INSERT INTO documents_text (documents_text, rank) VALUES ('hashsize', 4194304);
)",
                       layout.searched_list().substr(2));
}

std::string insert_full_text(store_layout const& layout) {
    std::string parameters = "?1";
    for (std::size_t i = 0; i < layout.searched().size(); ++i) parameters += fmt::format(", ?{}", i + 2);
    return fmt::format("INSERT INTO documents_text (rowid{}) VALUES ({})", layout.searched_list(), parameters);
}

namespace {

result<std::int64_t> version_of(database& store, std::string const& path) {
    auto const mark = store.integer("PRAGMA application_id");
    if (!mark) return in_store(path, mark.error());
    if (*mark != application_id)
        return error{errc::invalid_argument,
                     fmt::format("{}: this is a database, but not a store of logpipe: choose another file", path)};
    auto const version = store.integer("PRAGMA user_version");
    if (!version) return in_store(path, version.error());
    if (*version < 1 || *version > store_version)
        return error{
            errc::invalid_argument,
            fmt::format("{}: this is a store of version {}, made by a newer logpipe; this one reads version {}", path,
                        *version, store_version)};
    return *version;
}

/// The columns that a file from before shows by itself.
result<std::string> columns_there(database& store) {
    auto selected = store.prepare("SELECT name, type FROM pragma_table_info('documents')");
    if (!selected) return selected.error();
    std::string all;
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW) all += fmt::format(" {} {}", selected->text(0), selected->text(1));
    if (code != SQLITE_DONE) return store.failure(code, "reading the columns");
    return all;
}

std::string columns_wanted(store_layout const& layout) {
    std::string all = " row INTEGER id TEXT received_ms INTEGER time_ms INTEGER";
    for (auto const& each : layout.columns())
        all += fmt::format(" {} {}", each.name, each.is_number ? "INTEGER" : "TEXT");
    return all + " doc TEXT";
}

error made_for_others(std::string const& path, std::string_view there, std::string_view wanted) {
    return {errc::invalid_argument,
            fmt::format("{}: this store has other fields: give the --mapping that it was made with, or another file. "
                        "It was made for \"{}\", the mapping has \"{}\"",
                        path, there, wanted)};
}

/// Columns, facets and roles are what the rows of a store mean.
result<> check_made_for(database& store, std::string const& path, store_layout const& layout) {
    auto const remembers = store.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'made_for'");
    if (!remembers) return in_store(path, remembers.error());
    if (*remembers == 0) {
        auto const there = columns_there(store);
        if (!there) return in_store(path, there.error());
        auto const wanted = columns_wanted(layout);
        return *there == wanted ? result<>{} : made_for_others(path, *there, wanted);
    }
    auto selected = store.prepare("SELECT description FROM made_for");
    if (!selected) return in_store(path, selected.error());
    if (int const code = selected->step(); code != SQLITE_ROW && code != SQLITE_DONE)
        return in_store(path, store.failure(code, "reading what the store is made for"));
    auto const there = selected->text(0);
    return there == layout.description() ? result<>{} : made_for_others(path, there, layout.description());
}

}  // namespace

result<> check_store(database& store, std::string const& path, store_layout const* layout) {
    auto const version = version_of(store, path);
    if (!version) return version.error();
    if (*version != store_version)
        return error{errc::invalid_argument,
                     fmt::format("{}: this is a store of version {}; logpipe run or index upgrades it to version {}",
                                 path, *version, store_version)};
    if (layout == nullptr) return {};
    return check_made_for(store, path, *layout);
}

result<> prepare_store(database& store, std::string const& path, store_layout const& layout, bool full_text) {
    auto const empty = is_empty(store);
    if (!empty) return in_store(path, empty.error());
    std::int64_t version = store_version;
    if (!*empty) {
        auto const found = version_of(store, path);
        if (!found) return found.error();
        version = *found;
        if (auto same = check_made_for(store, path, layout); !same) return same;
    }
    if (auto set = store.run(writer_pragmas); !set) return in_store(path, set.error());
    if (*empty)
        if (auto made = create(store, layout); !made) return in_store(path, made.error());
    if (version < store_version)
        if (auto done = upgrade(store, path, layout, version); !done) return in_store(path, done.error());
    auto const counts_dropped = has_dropped(store);
    if (!counts_dropped) return in_store(path, counts_dropped.error());
    if (!*counts_dropped)
        if (auto added = store.run(add_dropped); !added) return in_store(path, added.error());
    bool const has_texts = full_text && layout.has_texts();
    if (auto matched = match_full_text(store, layout, has_texts); !matched) return in_store(path, matched.error());
    return {};
}

}  // namespace logpipe::store
