#include "handles.hpp"

#include <fmt/format.h>

namespace logpipe::store {

namespace {

[[nodiscard]] errc meaning_of(int code) noexcept {
    switch (code & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return errc::busy;
        case SQLITE_FULL:
            return errc::storage_full;
        case SQLITE_INTERRUPT:
            return errc::timed_out;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return errc::corrupt;
        default:
            return errc::storage_failed;
    }
}

}  // namespace

error sqlite_error(sqlite3* connection, int code, std::string_view doing) {
    char const* const words = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    auto const meaning = meaning_of(code);
    char const* const path = connection != nullptr ? sqlite3_db_filename(connection, "main") : nullptr;
    if (meaning != errc::corrupt || path == nullptr) return error{meaning, fmt::format("{}: {}", doing, words)};
    return error{meaning,
                 fmt::format("the store {} is damaged: {} ({}). Stop logpipe, move the file away with its -wal "
                             "and -shm, and restart it: the store is filled with what the journal or topic "
                             "still has. sqlite3 FILE .recover reads what is left of the old one",
                             path, words, doing)};
}

std::string statement::text(int column) const {
    return std::string{optional_text(column).value_or(std::string_view{})};
}

std::optional<std::string_view> statement::optional_text(int column) const noexcept {
    // The text first, then its size: SQLite's own order for values that it may have to convert.
    auto const* const bytes = reinterpret_cast<char const*>(sqlite3_column_text(handle_.get(), column));
    auto const count = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
    if (bytes == nullptr) return std::nullopt;
    return std::string_view{bytes, count};
}

std::optional<std::int64_t> statement::optional_integer(int column) const noexcept {
    if (sqlite3_column_type(handle_.get(), column) == SQLITE_NULL) return std::nullopt;
    return integer(column);
}

result<database> database::open(std::string const& path, database_mode mode) {
    int const flags =
        mode == database_mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    sqlite3* handle = nullptr;
    int const code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
    database opened;
    opened.handle_.reset(handle);
    if (code == SQLITE_CANTOPEN && mode == database_mode::read_only)
        return error{errc::not_found, fmt::format("{}: no store that can be read here", path)};
    if (code != SQLITE_OK) return sqlite_error(handle, code, path);
    sqlite3_extended_result_codes(handle, 1);
    return opened;
}

result<> database::run(char const* sql) {
    int const code = sqlite3_exec(handle(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code, sql);
    return {};
}

result<statement> database::prepare(std::string_view sql) {
    sqlite3_stmt* handle = nullptr;
    int const code = sqlite3_prepare_v3(this->handle(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) return failure(code, sql);
    statement prepared;
    prepared.handle_.reset(handle);
    return prepared;
}

result<std::int64_t> database::integer(std::string_view sql) {
    auto selected = prepare(sql);
    if (!selected) return selected.error();
    int const code = selected->step();
    if (code == SQLITE_DONE) return 0;
    if (code != SQLITE_ROW) return failure(code, sql);
    return selected->integer(0);
}

}  // namespace logpipe::store
