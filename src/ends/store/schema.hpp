// The store's tables and how the file is used. Drawn in docs/internals/store.md.
#pragma once

#include "handles.hpp"
#include "row_reader.hpp"

#include <string>

namespace logpipe::store {

inline constexpr int store_version = 3;  ///< `PRAGMA user_version`; 1 had no roll-ups, 2 other ones

/// What each writing connection is told. A commit is on disk when it returns; readers and the writer do not wait for
/// each other.
inline constexpr char const* writer_pragmas = R"(
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16384;
    PRAGMA temp_store = MEMORY;
    PRAGMA secure_delete = OFF;
)";

/// `row` is the rowid: the order of arrival, without gaps but for rows deleted by hand. Texts that are filtered on
/// stand in columns of their own, as SQLite would have to parse every document otherwise.
inline constexpr char const* create_tables = R"(
    CREATE TABLE documents (
        row INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        received_ms INTEGER NOT NULL,
        time_ms INTEGER,
        response INTEGER,
        bytes INTEGER,
        remote_ip TEXT,
        region TEXT,
        request TEXT,
        referrer TEXT,
        agent TEXT,
        doc TEXT NOT NULL
    );
    CREATE TABLE positions (
        source TEXT NOT NULL,
        partition INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        events_in INTEGER NOT NULL,
        indexed INTEGER NOT NULL,
        already_there INTEGER NOT NULL,
        dead INTEGER NOT NULL,
        PRIMARY KEY (source, partition)
    ) WITHOUT ROWID;
)";

/// `rollups` counts values by minute, hour and day (rollup_spans), `start` being the first minute; its key is in the
/// order that questions read it, the others (0) before all values. `minutes` tells in which rows the documents of a
/// minute are.
inline constexpr char const* create_rollups = R"(
    CREATE TABLE rollups (
        span INTEGER NOT NULL,
        field INTEGER NOT NULL,
        start INTEGER NOT NULL,
        value NOT NULL,
        documents INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        PRIMARY KEY (span, field, start, value)
    ) WITHOUT ROWID;
    CREATE TABLE minutes (minute INTEGER PRIMARY KEY, first_row INTEGER NOT NULL, last_row INTEGER NOT NULL);
)";

/// A document as the roll-ups count it.
struct counted_document {
    std::int64_t row = 0;
    std::int64_t received_ms = 0;
    document_row document;
};
inline constexpr char const* select_counted =
    "SELECT row, received_ms, time_ms, response, bytes, remote_ip, region, request, referrer, agent FROM documents";
/// Of a row of `select_counted`; its texts are good until the next one.
[[nodiscard]] counted_document read_counted(statement const& selected);

inline constexpr char const* insert_document =
    "INSERT INTO documents (id, received_ms, time_ms, response, bytes, remote_ip, region, request, referrer, agent, "
    "doc)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING";

/// Full text without a copy of the texts. No sizes of columns are kept: they serve ranking only, and what is found is
/// given newest first.
inline constexpr char const* create_full_text = R"(
    CREATE VIRTUAL TABLE documents_text USING fts5 (
        request, agent, referrer, content = 'documents', content_rowid = 'row', columnsize = 0);
    INSERT INTO documents_text (documents_text, rank) VALUES ('hashsize', 4194304);
)";

inline constexpr char const* insert_full_text =
    "INSERT INTO documents_text (rowid, request, agent, referrer) VALUES (?1, ?2, ?3, ?4)";

/// Makes the tables in a new file, or checks those of an existing one and brings it to this version; adds or removes
/// the full-text index to match.
/// @return errc::invalid_argument for a store of a newer version, and for a database that is none of ours.
[[nodiscard]] result<> prepare_store(database& store, std::string const& path, bool full_text);
/// The checks alone, for a reader.
[[nodiscard]] result<> check_store(database& store, std::string const& path);
[[nodiscard]] result<bool> has_full_text(database& store);

}  // namespace logpipe::store
