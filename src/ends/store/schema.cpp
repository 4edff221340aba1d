#include "schema.hpp"

#include "core/log.hpp"
#include "rollups.hpp"

#include <fmt/format.h>

namespace logpipe::store {

namespace {

/// "logp", so that `file` and we can tell a store from any other database.
constexpr std::int64_t application_id = 0x6c6f6770;

/// What is damaged is named with its file already.
[[nodiscard]] error in_store(std::string const& path, error const& why) {
    return why.code == errc::corrupt ? why : in_context(path, why);
}

[[nodiscard]] result<bool> is_empty(database& store) {
    auto const tables = store.integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return tables.error();
    return *tables == 0;
}

[[nodiscard]] result<> create(database& store) {
    auto const marks =
        fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {};", application_id, store_version);
    for (char const* const sql : {"BEGIN IMMEDIATE", create_tables, create_rollups, marks.c_str(), "COMMIT"})
        if (auto done = store.run(sql); !done) return done;
    return {};
}

[[nodiscard]] result<> in_transaction(database& store, std::initializer_list<char const*> steps) {
    if (auto begun = store.run("BEGIN IMMEDIATE"); !begun) return begun;
    for (char const* const sql : steps) {
        if (auto done = store.run(sql); !done) {
            if (store.in_transaction())
                static_cast<void>(store.run("ROLLBACK"));  // the first failure is the one to tell
            return done;
        }
    }
    return store.run("COMMIT");
}

[[nodiscard]] result<> fill_rollups(database& store) {
    constexpr std::size_t documents_at_a_time = 100'000;  // what is remembered in between is bounded
    auto counts = rollups::prepare(store);
    if (!counts) return counts.error();
    auto all = store.prepare(select_counted);
    if (!all) return all.error();
    int code = SQLITE_ROW;
    for (std::size_t read = 1; (code = all->step()) == SQLITE_ROW; ++read) {
        auto const counted = read_counted(*all);
        counts->add(counted.document, counted.received_ms, counted.row);
        if (read % documents_at_a_time != 0) continue;
        if (auto written = counts->write(store); !written) return written;
    }
    if (code != SQLITE_DONE) return store.failure(code, "counting the documents");
    return counts->write(store);
}

[[nodiscard]] result<> upgrade_in_transaction(database& store) {
    for (char const* const sql : {"DROP TABLE IF EXISTS rollups", "DROP TABLE IF EXISTS minutes", create_rollups})
        if (auto made = store.run(sql); !made) return made;
    if (auto filled = fill_rollups(store); !filled) return filled;
    return store.run(fmt::format("PRAGMA user_version = {}", store_version).c_str());
}

/// Roll-ups can be made of the documents at any time: those of an older version are.
[[nodiscard]] result<> upgrade(database& store, std::string const& path, std::int64_t version) {
    log_info("sqlite_sink: {}: brought from version {} to {}: its documents are counted once", path, version,
             store_version);
    if (auto begun = store.run("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto done = upgrade_in_transaction(store); !done) {
        if (store.in_transaction()) static_cast<void>(store.run("ROLLBACK"));  // the first failure is the one to tell
        return done;
    }
    return store.run("COMMIT");
}

[[nodiscard]] result<> match_full_text(database& store, bool wanted) {
    auto const there = has_full_text(store);
    if (!there) return there.error();
    if (*there == wanted) return {};
    if (!wanted) {
        log_info("sqlite_sink: the full-text index is removed, as it is not wanted any more");
        return in_transaction(store, {"DROP TABLE documents_text"});
    }
    auto const documents = store.integer("SELECT count(*) FROM documents");
    if (!documents) return documents.error();
    if (*documents > 0) log_info("sqlite_sink: a full-text index of {} documents is made", *documents);
    return in_transaction(store, {create_full_text, "INSERT INTO documents_text (documents_text) VALUES ('rebuild')"});
}

}  // namespace

result<bool> has_full_text(database& store) {
    auto const there = store.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'documents_text'");
    if (!there) return there.error();
    return *there != 0;
}

counted_document read_counted(statement const& selected) {
    return {.row = selected.integer(0),
            .received_ms = selected.integer(1),
            .document = {.time_ms = selected.optional_integer(2),
                         .response = selected.optional_integer(3),
                         .bytes = selected.optional_integer(4),
                         .remote_ip = selected.optional_text(5),
                         .region = selected.optional_text(6),
                         .request = selected.optional_text(7),
                         .referrer = selected.optional_text(8),
                         .agent = selected.optional_text(9)}};
}

namespace {

result<std::int64_t> version_of(database& store, std::string const& path) {
    auto const mark = store.integer("PRAGMA application_id");
    if (!mark) return in_store(path, mark.error());
    if (*mark != application_id)
        return error{errc::invalid_argument, fmt::format("{}: a database, but not a store of logpipe", path)};
    auto const version = store.integer("PRAGMA user_version");
    if (!version) return in_store(path, version.error());
    if (*version < 1 || *version > store_version)
        return error{errc::invalid_argument,
                     fmt::format("{}: a store of version {}, made by a newer logpipe; this one knows version {}", path,
                                 *version, store_version)};
    return *version;
}

}  // namespace

result<> check_store(database& store, std::string const& path) {
    auto const version = version_of(store, path);
    if (!version) return version.error();
    if (*version != store_version)
        return error{errc::invalid_argument,
                     fmt::format("{}: a store of version {}; logpipe run or index brings it to version {}", path,
                                 *version, store_version)};
    return {};
}

result<> prepare_store(database& store, std::string const& path, bool full_text) {
    auto const empty = is_empty(store);
    if (!empty) return in_store(path, empty.error());
    std::int64_t version = store_version;
    if (!*empty) {
        auto const found = version_of(store, path);
        if (!found) return found.error();
        version = *found;
    }
    if (auto told = store.run(writer_pragmas); !told) return in_store(path, told.error());
    if (*empty)
        if (auto made = create(store); !made) return in_store(path, made.error());
    if (version < store_version)
        if (auto done = upgrade(store, path, version); !done) return in_store(path, done.error());
    if (auto matched = match_full_text(store, full_text); !matched) return in_store(path, matched.error());
    return {};
}

}  // namespace logpipe::store
