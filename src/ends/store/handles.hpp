// SQLite's handles as values that free themselves, and its error codes as ours.
#pragma once

#include "logpipe/result.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::store {

/// What SQLite's code means to a caller, with the connection's own words.
[[nodiscard]] error sqlite_error(sqlite3* connection, int code, std::string_view doing);

struct statement_closer {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
struct connection_closer {
    void operator()(sqlite3* connection) const noexcept { sqlite3_close_v2(connection); }
};

/// A prepared statement, reused by one thread. Bound texts are not copied: they live until reset().
class statement final {
  public:
    void bind(int index, std::int64_t value) noexcept { note(sqlite3_bind_int64(handle_.get(), index, value)); }
    void bind(int index, std::string_view text) noexcept {
        note(sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
    }
    /// None is NULL.
    template <class Value>
    void bind(int index, std::optional<Value> const& value) noexcept {
        value ? bind(index, *value) : note(sqlite3_bind_null(handle_.get(), index));
    }

    /// @return SQLITE_ROW or SQLITE_DONE; anything else, also from an earlier bind(), is a failure.
    [[nodiscard]] int step() noexcept { return bound_ == SQLITE_OK ? sqlite3_step(handle_.get()) : bound_; }
    void reset() noexcept {
        sqlite3_reset(handle_.get());  // returns the code of step() once more
        bound_ = SQLITE_OK;
    }

    [[nodiscard]] std::int64_t integer(int column) const noexcept {
        return sqlite3_column_int64(handle_.get(), column);
    }
    [[nodiscard]] std::string text(int column) const;
    /// None for NULL. The view is good until the next step() or reset().
    [[nodiscard]] std::optional<std::int64_t> optional_integer(int column) const noexcept;
    [[nodiscard]] std::optional<std::string_view> optional_text(int column) const noexcept;

    explicit operator bool() const noexcept { return handle_ != nullptr; }

  private:
    friend class database;
    void note(int code) noexcept {
        if (code != SQLITE_OK) bound_ = code;
    }

    std::unique_ptr<sqlite3_stmt, statement_closer> handle_;
    int bound_ = SQLITE_OK;
};

enum class database_mode { read_write, read_only };

/// One connection; one thread at a time. Statements of it end before it, or keep it alive until they end.
class database final {
  public:
    /// @return errc::not_found for a file that is not there to be read, errc::storage_failed where it cannot be opened.
    [[nodiscard]] static result<database> open(std::string const& path, database_mode mode);

    [[nodiscard]] result<> run(char const* sql);
    [[nodiscard]] result<statement> prepare(std::string_view sql);
    /// The first column of the first row; 0 without a row.
    [[nodiscard]] result<std::int64_t> integer(std::string_view sql);

    [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }
    [[nodiscard]] error failure(int code, std::string_view doing) const { return sqlite_error(handle(), code, doing); }

  private:
    std::unique_ptr<sqlite3, connection_closer> handle_;
};

}  // namespace logpipe::store
