#include "store_writer.hpp"

#include "core/assert.hpp"
#include "core/clock.hpp"
#include "schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace logpipe::store {

namespace {

constexpr std::int64_t nanos_of_milli = 1'000'000;

/// SQLite calls it while another process writes.
int wait_for_other(void* waits, int /*times*/) {
    if (!(*static_cast<std::function<bool()>*>(waits))()) return 0;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    return 1;
}

[[nodiscard]] result<> limit_file(database& store, std::uint64_t bytes_max) {
    if (bytes_max == 0) return {};
    auto const page_bytes = store.integer("PRAGMA page_size");
    if (!page_bytes) return page_bytes.error();
    auto const pages = bytes_max / static_cast<std::uint64_t>(*page_bytes);
    auto const limited = store.integer(fmt::format("PRAGMA max_page_count = {}", std::max<std::uint64_t>(1, pages)));
    if (!limited) return limited.error();
    return {};
}

}  // namespace

result<std::unique_ptr<store_writer>> store_writer::open(sqlite_sink_options const& options,
                                                         std::function<bool()> waits, store_clocks const& clocks) {
    auto store = database::open(options.path, database_mode::read_write);
    if (!store) return store.error();
    auto writer = std::unique_ptr<store_writer>{new store_writer{options.documents, clocks}};
    writer->waits_ = std::move(waits);
    sqlite3_busy_handler(store->handle(), wait_for_other, &writer->waits_);
    if (auto prepared = prepare_store(*store, options.path, writer->layout_, options.full_text); !prepared)
        return prepared.error();

    if (auto limited = limit_file(*store, options.file_bytes_max); !limited) return limited.error();

    auto documents = document_inserter::prepare(*store, writer->layout_, options.full_text);
    if (!documents) return documents.error();
    auto positions = positions_table::prepare(*store);
    if (!positions) return positions.error();
    auto old = retention::prepare(*store, writer->layout_, {.age_max = options.age_max, .rows_max = options.rows_max},
                                  options.full_text);
    if (!old) return old.error();
    auto is_object = store->prepare("SELECT CASE WHEN json_valid(?1) THEN json_type(?1) = 'object' ELSE 0 END");
    if (!is_object) return is_object.error();

    writer->store_ = std::move(*store);
    writer->documents_ = std::move(*documents);
    writer->positions_ = std::move(*positions);
    writer->retention_ = std::move(*old);
    writer->is_object_ = std::move(*is_object);
    return writer;
}

store_writer::~store_writer() {
    // An open transaction was never reported as done; closing the connection drops it.
    if (store_.handle() != nullptr) sqlite3_busy_handler(store_.handle(), nullptr, nullptr);
}

error store_writer::rolled_back(error reason) {
    // SQLite may have rolled back by itself, as on a full disk. Should this fail, the next BEGIN says so.
    if (store_.in_transaction()) static_cast<void>(store_.run("ROLLBACK"));
    documents_.counts().forget();
    new_rows_ = 0;
    return reason;
}

result<> store_writer::insert(batch& events) {
    if (!store_.in_transaction())
        if (auto begun = store_.run("BEGIN IMMEDIATE"); !begun) return begun;
    if (auto inserted = insert_rows(events); !inserted) return rolled_back(inserted.error());
    return {};
}

result<> store_writer::insert_rows(batch& events) {
    // The reader reads past a document's end, into the next one or, at the last one, into these bytes.
    auto& bytes = events.transformed ? events.documents : events.records;
    auto const size = bytes.size();
    bytes.resize(size + row_reader::padding_bytes);
    bytes.resize(size);

    auto const now_ms = now_ns() / nanos_of_milli;
    std::uint64_t indexed = 0;
    std::uint64_t duplicates = 0;
    for (auto const& row : events.events) {
        if (row.rejected) continue;
        auto const received_ms = row.received_ns != 0 ? row.received_ns / nanos_of_milli : now_ms;
        auto const is_new = documents_.insert(store_, row.id, received_ms, events.payload(row));
        if (!is_new) return is_new.error();
        ++(*is_new ? indexed : duplicates);
    }
    events.counts.indexed = indexed;
    events.counts.duplicates = duplicates;
    new_rows_ += indexed;
    return {};
}

result<> store_writer::commit(std::string const& source, std::vector<batch> const& pending) {
    LOGPIPE_ASSERT(store_.in_transaction());
    if (auto ended = write_end(source, pending); !ended) return rolled_back(ended.error());
    new_rows_ = 0;
    return {};
}

/// SQLite goes on writing to a file that has lost its name: what is in it then is lost with us.
result<> store_writer::check_in_place() const {
    int moved = 0;
    if (sqlite3_file_control(store_.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved) != SQLITE_OK || moved == 0)
        return {};
    return error{errc::storage_failed,
                 fmt::format("the store {} is gone: it, or a folder above, was removed, renamed or unmounted",
                             sqlite3_db_filename(store_.handle(), "main"))};
}

result<> store_writer::write_end(std::string const& source, std::vector<batch> const& pending) {
    if (auto there = check_in_place(); !there) return there;
    if (!source.empty()) {
        position_changes changes;
        for (auto const& events : pending)
            changes.add({.partition = events.partition, .offset = events.end_offset}, events.counts);
        if (auto moved = positions_.add(store_, source, changes); !moved) return moved;
    }
    // Twice as many may leave as come, so that a limit that was lowered is reached in a while.
    auto const at_most = std::max<std::uint64_t>(1000, 2 * new_rows_);
    auto const now_ms = watch_.look() / nanos_of_milli;
    auto const removed = retention_.trim(store_, watch_.tells_age() ? std::optional{now_ms} : std::nullopt, at_most,
                                         documents_.counts());
    if (!removed) return removed.error();
    if (auto counted = documents_.counts().write(store_); !counted) return counted;
    if (auto committed = store_.run("COMMIT"); !committed) return committed;
    removed_ += *removed;
    return {};
}

result<std::vector<progress>> store_writer::positions_of(std::string const& source) {
    return positions_.read(store_, source);
}

result<bool> store_writer::is_object(std::string_view document) {
    is_object_.bind(1, document);
    int const code = is_object_.step();
    bool const yes = code == SQLITE_ROW && is_object_.integer(0) != 0;
    is_object_.reset();
    if (code != SQLITE_ROW) return store_.failure(code, "checking a document");
    return yes;
}

}  // namespace logpipe::store
