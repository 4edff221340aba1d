// What SQLite itself costs: a bare loader inserts rows that were made before, with the sink's own table, pragmas,
// transaction size and order of ids, and nothing else. Then the sink does the same from batches of documents.
//
//   sqlite_loader ROWS [TRANSACTION_ROWS [FOLDER [LINES]]]
//
// LINES is a file of nginx lines, of which the first 16,000 are loaded again and again; without it they are made up.
// Prints wall and CPU seconds for each million rows, with and without full text.
#include "formats/normalize.hpp"
#include "store/sqlite.hpp"

#include "../support/nginx_lines.hpp"
#include "bare_client.hpp"
#include "row_reader.hpp"
#include "schema.hpp"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace logpipe;
using namespace logpipe::formats;
using namespace logpipe::store;

constexpr std::size_t batch_rows = 2000;
constexpr std::size_t distinct_batches = 8;
constexpr std::int64_t received_ns = 1'769'823'099'995'000'000;

/// 96 bits name a chunk, the rest counts in it: what real ids look like.
event_id id_of(std::uint64_t chunk, std::size_t place) {
    return event_id{.high = chunk * 0x9e3779b97f4a7c15U, .low = chunk << 32U}.at(static_cast<std::uint32_t>(place));
}

void name_rows(batch& events, std::uint64_t chunk) {
    for (std::size_t i = 0; i < events.events.size(); ++i) events.events[i].id = id_of(chunk, i);
}

std::vector<std::string> read_lines(char const* path) {
    std::vector<std::string> lines;
    std::ifstream file{path};
    for (std::string line; lines.size() < distinct_batches * batch_rows && std::getline(file, line);)
        lines.push_back(line);
    if (lines.size() < distinct_batches * batch_rows) throw std::runtime_error{"the file has too few lines"};
    return lines;
}

std::vector<std::string> make_lines() {
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < distinct_batches * batch_rows; ++i) lines.push_back(test::nginx_line(i));
    return lines;
}

std::vector<batch> make_batches(std::vector<std::string> const& lines) {
    auto const change = make_normalize({});
    std::vector<batch> all(distinct_batches);
    for (std::size_t i = 0; i < distinct_batches * batch_rows; ++i) {
        auto& events = all[i / batch_rows];
        events.append(events.tag_index("app.follow"), {}, 0, lines[i]).received_ns = received_ns;
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        name_rows(all[i], i);
        change->apply(all[i]);
    }
    return all;
}

store_layout const& layout() {
    static store_layout const made{formats::nginx_mapping().documents};
    return made;
}

/// A row as it is bound, in memory of its own.
struct ready_row {
    explicit ready_row(std::string_view document) : bytes{document} {
        bytes.resize(document.size() + row_reader::padding_bytes);
        static_cast<void>(reader.read({bytes.data(), document.size()}, values));
        bytes.resize(document.size());
    }
    ready_row(ready_row const&) = delete;
    std::string bytes;
    row_reader reader{layout()};
    document_row values;
};

struct clock_pair {
    std::chrono::steady_clock::time_point wall = std::chrono::steady_clock::now();
    double cpu_seconds = bench::cpu_seconds();
};

void print(std::string_view name, bool full_text, std::size_t rows, clock_pair const& begin) {
    clock_pair const end;
    auto const millions = static_cast<double>(rows) / 1e6;
    auto const wall = std::chrono::duration<double>(end.wall - begin.wall).count();
    fmt::print("{:>7}{:>16}  {:8.0f} rows/s  {:6.2f} s and {:6.2f} CPU-s per million\n", name,
               full_text ? " with full text" : "", static_cast<double>(rows) / wall, wall / millions,
               (end.cpu_seconds - begin.cpu_seconds) / millions);
    std::fflush(stdout);
}

template <class T>
T checked(result<T> outcome) {
    if (!outcome) throw std::runtime_error{outcome.error().message};
    if constexpr (!std::is_void_v<T>) return std::move(*outcome);
}

void step(statement& what) {
    if (what.step() != SQLITE_DONE) throw std::runtime_error{"a row could not be inserted"};
    what.reset();
}

void load_bare(std::string const& path, bool full_text, std::size_t rows, std::size_t transaction_rows,
               std::vector<std::unique_ptr<ready_row>> const& ready) {
    clock_pair const begin;
    auto store = checked(database::open(path, database_mode::read_write));
    checked(prepare_store(store, path, layout(), full_text));
    auto insert = checked(store.prepare(insert_document(layout())));
    auto texts = full_text ? checked(store.prepare(insert_full_text(layout()))) : statement{};
    for (std::size_t i = 0; i < rows; ++i) {
        if (i % transaction_rows == 0) checked(store.run(i == 0 ? "BEGIN IMMEDIATE" : "COMMIT; BEGIN IMMEDIATE"));
        auto const& row = *ready[i % ready.size()];
        std::array<char, event_id::text_bytes> id;
        id_of(i / batch_rows, i % batch_rows).write_text(id.data());
        insert.bind(1, std::string_view{id.data(), id.size()});
        insert.bind(2, received_ns / 1'000'000);
        insert.bind(3, row.values.time_ms);
        int place = 4;
        for (auto const& value : row.values.columns) bind_value(insert, place++, value);
        insert.bind(place, std::string_view{row.bytes});
        step(insert);
        if (!full_text) continue;
        texts.bind(1, sqlite3_last_insert_rowid(store.handle()));
        place = 2;
        for (auto const column : layout().searched()) bind_value(texts, place++, row.values.columns[column]);
        step(texts);
    }
    checked(store.run("COMMIT"));
    print("loader", full_text, rows, begin);
}

/// Gives finished batches back, as a pump does.
struct give_back final : completions {
    void done(batch&& finished) override { free.push_back(std::move(finished)); }
    std::vector<batch> free;
};

void load_by_sink(std::string const& path, bool full_text, std::size_t rows, std::size_t transaction_rows,
                  std::vector<batch> const& made) {
    give_back reports;
    for (std::size_t i = 0; i < transaction_rows / batch_rows + 1; ++i) reports.free.push_back(made[i % made.size()]);
    clock_pair const begin;
    auto const to = make_sqlite_sink({.path = path,
                                      .documents = formats::nginx_mapping().documents,
                                      .full_text = full_text,
                                      .transaction_events_max = transaction_rows,
                                      .transaction_age_max = std::chrono::hours{1}});
    checked(to->open(reports));
    checked(to->stored("bench"));
    for (std::size_t i = 0; i < rows; i += batch_rows) {
        auto events = std::move(reports.free.back());
        reports.free.pop_back();
        name_rows(events, i / batch_rows);
        events.counts = {.in = batch_rows, .indexed = 0, .duplicates = 0, .dead = 0};
        events.end_offset = i + batch_rows;
        checked(to->write(events));
    }
    checked(to->flush());
    print("sink", full_text, rows, begin);
}

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count < 2) {
        fmt::print(stderr, "usage: {} ROWS [TRANSACTION_ROWS [FOLDER [LINES]]]\n", arguments[0]);
        return 2;
    }
    auto const rows = std::strtoull(arguments[1], nullptr, 10) / batch_rows * batch_rows;
    auto const transaction_rows =
        argument_count > 2 ? std::strtoull(arguments[2], nullptr, 10) : sqlite_sink_options{}.transaction_events_max;
    std::filesystem::path const parent = argument_count > 3 ? arguments[3] : std::filesystem::temp_directory_path();
    auto const folder = parent / fmt::format("logpipe-loader-{}", getpid());
    std::filesystem::create_directories(folder);

    auto const made = make_batches(argument_count > 4 ? read_lines(arguments[4]) : make_lines());
    std::vector<std::unique_ptr<ready_row>> ready;
    for (auto const& events : made)
        for (auto const& row : events.events) ready.push_back(std::make_unique<ready_row>(events.payload(row)));
    for (bool const full_text : {false, true}) {
        auto const path = (folder / (full_text ? "text" : "plain")).string();
        load_bare(path + "-loader.sqlite", full_text, rows, transaction_rows, ready);
        load_by_sink(path + "-sink.sqlite", full_text, rows, transaction_rows, made);
    }
    std::filesystem::remove_all(folder);
    return 0;
}
