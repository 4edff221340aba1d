// A sink on a new store, and reads of that store by another connection.
#pragma once

#include "handles.hpp"
#include "store/sqlite.hpp"
#include "support/catch.hpp"
#include "support/nginx_documents.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::test {

using namespace store;

/// A sink on a new file, with a source, with transactions that end only by flush() unless said otherwise.
struct open_sink {
    explicit open_sink(std::string path, store::sqlite_sink_options options = {}) {
        options.path = std::move(path);
        if (options.documents.fields.empty()) options.documents = nginx_documents();
        if (options.transaction_age_max == sqlite_sink_options{}.transaction_age_max)
            options.transaction_age_max = std::chrono::hours{1};
        to = store::make_sqlite_sink(options);
        REQUIRE(to->open(reports));
        REQUIRE(to->stored("journal a").has_value());
    }
    reported reports;
    std::unique_ptr<sink> to;

    void store(batch events) {
        auto const written = to->write(events);
        INFO((written ? "" : written.error().message));
        REQUIRE(written);
    }
};

inline database reader_of(std::string const& path) {
    auto opened = database::open(path, database_mode::read_write);
    REQUIRE(opened.has_value());
    sqlite3_busy_timeout(opened->handle(), 10'000);
    return std::move(*opened);
}

inline std::int64_t number(std::string const& path, std::string_view sql) {
    auto store = reader_of(path);
    auto const found = store.integer(sql);
    INFO((found ? "" : found.error().message));
    REQUIRE(found.has_value());
    return *found;
}

inline std::string text(std::string const& path, std::string_view sql) {
    auto store = reader_of(path);
    auto selected = store.prepare(sql);
    REQUIRE(selected.has_value());
    REQUIRE(selected->step() == SQLITE_ROW);
    return selected->text(0);
}

inline void run(std::string const& path, char const* sql) {
    auto store = reader_of(path);
    auto const done = store.run(sql);
    INFO((done ? "" : done.error().message));
    REQUIRE(done);
}

}  // namespace logpipe::test
