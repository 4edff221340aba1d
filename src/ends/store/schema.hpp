// The store's tables and how the file is used. Drawn in docs/internals/store.md.
#pragma once

#include "document_row.hpp"
#include "handles.hpp"
#include "layout.hpp"

#include <string>

namespace logpipe::store {

inline constexpr int store_version = 3;  ///< `PRAGMA user_version`; 1 had no roll-ups, 2 other ones

/// Settings of each writing connection. A commit is on disk when it returns; readers and the writer do not wait for
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

/// `row` is the rowid: the order of arrival, without gaps but for rows deleted by hand. Values that are filtered on
/// stand in columns of their own, as SQLite would have to parse every document otherwise.
[[nodiscard]] std::string create_documents(store_layout const& layout);

inline constexpr char const* create_positions = R"(
    CREATE TABLE positions (
        source TEXT NOT NULL,
        partition INTEGER NOT NULL,
        offset INTEGER NOT NULL,
        events_in INTEGER NOT NULL,
        indexed INTEGER NOT NULL,
        already_there INTEGER NOT NULL,
        dead INTEGER NOT NULL,
        dropped INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (source, partition)
    ) WITHOUT ROWID;
)";

/// To the positions of before. Programs of before read and write the others as they did.
inline constexpr char const* add_dropped = "ALTER TABLE positions ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0";

/// What the store was made for: store_layout::description(). Files from before have no such table.
inline constexpr char const* create_made_for = "CREATE TABLE made_for (description TEXT NOT NULL)";

/// `rollups` counts values by minute, hour and day (rollup_spans), `start` being the first minute; its key is in the
/// order that requests read it, the others (0) before all values. `minutes` says in which rows the documents of a
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
[[nodiscard]] std::string select_counted(store_layout const& layout);
/// Of a row of `select_counted`; its texts are good until the next one.
void read_counted(statement const& selected, store_layout const& layout, counted_document& into);

/// None is NULL.
void bind_value(statement& into, int index, column_value const& value);

/// id, received_ms, time_ms, the columns, doc.
[[nodiscard]] std::string insert_document(store_layout const& layout);

/// Full text without a copy of the texts. No sizes of columns are kept: they serve ranking only, and what is found is
/// given newest first.
[[nodiscard]] std::string create_full_text(store_layout const& layout);
/// The row, the texts.
[[nodiscard]] std::string insert_full_text(store_layout const& layout);

/// Makes the tables in a new file, or checks those of an existing one and brings it to this version; adds or removes
/// the full-text index to match.
/// @return errc::invalid_argument for a store of a newer version or of other fields, and for a database that is none of
/// ours.
[[nodiscard]] result<> prepare_store(database& store, std::string const& path, store_layout const& layout,
                                     bool full_text);
/// The checks alone, for a reader.
/// @param layout  none: any
[[nodiscard]] result<> check_store(database& store, std::string const& path, store_layout const* layout);
[[nodiscard]] result<bool> has_full_text(database& store);
/// Positions of before have no column for what rules drop.
[[nodiscard]] result<bool> has_dropped(database& store);

}  // namespace logpipe::store
