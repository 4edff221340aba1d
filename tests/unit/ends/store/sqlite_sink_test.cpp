#include "store/sqlite.hpp"

#include "opened_sink.hpp"
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/scratch_folder.hpp"
#include "support/store_events.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <thread>

using namespace logpipe;
using namespace logpipe::store;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {}  // namespace

TEST_CASE("documents are stored with typed columns, and reported when they are on disk", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    sink.store(store_batch(0, 10));
    REQUIRE(sink.reports.batches.empty());
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 0);
    REQUIRE(sink.to->flush());
    REQUIRE(sink.reports.batches.size() == 1);
    REQUIRE(sink.reports.counts == event_counts{.in = 10, .indexed = 10, .duplicates = 0, .dead = 0});

    REQUIRE(number(path, "SELECT count(*) FROM documents") == 10);
    REQUIRE(number(path, "SELECT sum(bytes) FROM documents") == 45);
    REQUIRE(number(path, "SELECT count(*) FROM documents WHERE response = 404") == 5);
    REQUIRE(number(path, "SELECT time_ms FROM documents WHERE bytes = 7") == 1007);
    REQUIRE(number(path, "SELECT received_ms FROM documents WHERE bytes = 7") == 1'700'000'000'000);
    REQUIRE(text(path, "SELECT id FROM documents WHERE bytes = 7") == test::store_id(7).text());
    REQUIRE(text(path, "SELECT doc FROM documents WHERE bytes = 7") == test::store_document(7));
    REQUIRE(text(path, "SELECT remote_ip || region || request || referrer || agent FROM documents WHERE bytes = 7") ==
            "10.0.0.7eu-west-1GET /downloads/product_1 HTTP/1.1-Wget 2");
    REQUIRE(number(path, "SELECT count(*) FROM documents WHERE json_extract(doc, '$.event.response') = response") ==
            10);
    REQUIRE(text(path, "PRAGMA journal_mode") == "wal");
    REQUIRE(text(path, "PRAGMA integrity_check") == "ok");
}

TEST_CASE("an id that is there already is counted and changes nothing", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    sink.store(store_batch(0, 10));
    sink.store(store_batch(5, 15));
    REQUIRE(sink.to->flush());
    sink.store(store_batch(0, 15));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.reports.counts == event_counts{.in = 35, .indexed = 15, .duplicates = 20, .dead = 0});
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 15);
    REQUIRE(number(path, "SELECT count(*) FROM documents_text WHERE documents_text MATCH 'wget'") == 15);
    REQUIRE(number(path, "SELECT max(row) FROM documents") == 15);
}

TEST_CASE("position and counts move with the documents, a partition each", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    {
        open_sink sink{path};
        REQUIRE(sink.to->stored("journal a").value()->empty());
        auto first = store_batch(0, 10);
        first.reject(3, "normalize", "no JSON");
        first.counts.dead = 1;
        sink.store(std::move(first));
        auto other = store_batch(100, 120);
        other.partition = 7;
        sink.store(std::move(other));
        sink.store(store_batch(5, 12));
        REQUIRE(number(path, "SELECT count(*) FROM positions") == 0);
        REQUIRE(sink.to->flush());
    }
    open_sink reopened{path};
    auto const stored = reopened.to->stored("journal a").value().value();
    REQUIRE(stored.size() == 2);
    REQUIRE(stored[0].safe == position{.partition = 0, .offset = 12});
    REQUIRE(stored[0].counts == event_counts{.in = 17, .indexed = 11, .duplicates = 5, .dead = 1});
    REQUIRE(stored[1].safe == position{.partition = 7, .offset = 120});
    REQUIRE(stored[1].counts == event_counts{.in = 20, .indexed = 20, .duplicates = 0, .dead = 0});
    REQUIRE(reopened.to->stored("journal b").value()->empty());
    reopened.store(store_batch(200, 210));
    REQUIRE(reopened.to->flush());
    REQUIRE(reopened.to->stored("journal b").value()->size() == 1);
    REQUIRE(reopened.to->stored("journal a").value()->size() == 2);
    REQUIRE(number(path, "SELECT sum(indexed) FROM positions") == number(path, "SELECT count(*) FROM documents"));
}

TEST_CASE("a batch in which everything was rejected moves the position", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    auto bad = store_batch(0, 2);
    bad.reject(0, "normalize", "no JSON");
    bad.reject(1, "normalize", "no JSON");
    bad.counts.dead = 2;
    sink.store(std::move(bad));
    REQUIRE(sink.to->flush());
    auto const stored = sink.to->stored("journal a").value().value();
    REQUIRE(stored.at(0).safe.offset == 2);
    REQUIRE(stored.at(0).counts == event_counts{.in = 2, .indexed = 0, .duplicates = 0, .dead = 2});
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 0);
}

TEST_CASE("a transaction ends by itself when it is large, or old", "[sqlite]") {
    scratch_folder const folder;
    SECTION("large") {
        open_sink sink{folder.path("store.sqlite"), {.path = {}, .transaction_events_max = 25}};
        sink.store(store_batch(0, 10));
        sink.store(store_batch(10, 20));
        REQUIRE(sink.reports.batches.empty());
        REQUIRE(gauge_of(sink.to->status(), "sqlite_pending_documents") == 20);
        sink.store(store_batch(20, 30));
        REQUIRE(sink.reports.batches.size() == 3);
        REQUIRE(gauge_of(sink.to->status(), "sqlite_pending_documents") == 0);
        REQUIRE(gauge_of(sink.to->status(), "sqlite_transactions_total") == 1);
    }
    SECTION("old") {
        open_sink sink{folder.path("store.sqlite"), {.path = {}, .transaction_age_max = 0ms}};
        sink.store(store_batch(0, 10));
        REQUIRE(sink.reports.batches.size() == 1);
    }
}

TEST_CASE("a sink that ends amid a transaction leaves exactly what it reported", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    {
        open_sink sink{path};
        sink.store(store_batch(0, 10));
        REQUIRE(sink.to->flush());
        sink.store(store_batch(10, 20));
    }
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 10);
    open_sink sink{path};
    REQUIRE(sink.to->stored("journal a").value()->at(0).safe.offset == 10);
    REQUIRE(sink.to->stored("journal a").value()->at(0).counts.in == 10);
    sink.store(store_batch(10, 20));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.reports.counts.indexed == 10);
}

TEST_CASE("a copy of the files taken at any moment has what was reported by then", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    for (std::uint64_t round = 0; round < 20; ++round) {
        sink.store(store_batch(round * 100, round * 100 + 100));
        if (round % 3 == 0) REQUIRE(sink.to->flush());
        auto const copy = folder.path("copy" + std::to_string(round));
        std::filesystem::copy(path, copy);
        if (std::filesystem::exists(path + "-wal")) std::filesystem::copy(path + "-wal", copy + "-wal");
        auto const stored = static_cast<std::uint64_t>(number(copy, "SELECT count(*) FROM documents"));
        CHECK(stored == sink.reports.counts.indexed);
        CHECK(static_cast<std::uint64_t>(number(copy, "SELECT coalesce(max(offset), 0) FROM positions")) == stored);
        CHECK(text(copy, "PRAGMA integrity_check") == "ok");
    }
}

TEST_CASE("a full store undoes the transaction, and what is pending goes in when there is room", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path, {.path = {}, .file_bytes_max = 400'000}};
    sink.store(store_batch(0, 300));
    REQUIRE(sink.to->flush());
    sink.store(store_batch(300, 310));

    // The first that does not fit undoes what was not committed; the next call commits that, and fails on its own.
    std::uint64_t next = 310;
    auto full = store_batch(next, next + 500);
    while (sink.to->write(full)) {
        REQUIRE(next < 10'000);
        next += 500;
        full = store_batch(next, next + 500);
    }
    REQUIRE(full.events.size() == 500);
    REQUIRE(sink.to->write(full).error().code == errc::storage_full);
    REQUIRE_FALSE(sink.to->status().up);
    REQUIRE(sink.reports.counts.indexed == next);
    REQUIRE(text(path, "PRAGMA integrity_check") == "ok");
    REQUIRE(static_cast<std::uint64_t>(number(path, "SELECT count(*) FROM documents")) == next);
    REQUIRE(sink.to->stored("journal a").value()->at(0).safe.offset == next);

    run(path, "DELETE FROM documents WHERE row <= 300");
    sink.store(store_batch(next, next + 100));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.to->status().up);
    REQUIRE(sink.reports.counts.indexed == next + 100);
    REQUIRE(sink.to->stored("journal a").value()->at(0).counts.indexed == next + 100);
}

TEST_CASE("another process that writes is waited for, then reported as busy, then the sink goes on", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    auto other = reader_of(path);
    REQUIRE(other.run("BEGIN IMMEDIATE"));
    auto events = store_batch(0, 10);
    auto const failed = sink.to->write(events);
    REQUIRE(failed.has_error());
    REQUIRE(failed.error().code == errc::busy);
    REQUIRE(events.events.size() == 10);
    REQUIRE_FALSE(sink.to->status().up);
    REQUIRE_THAT(sink.to->status().reason, ContainsSubstring("locked"));
    REQUIRE(other.run("COMMIT"));
    sink.store(std::move(events));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.to->status().up);
    REQUIRE(sink.reports.counts.indexed == 10);
}

TEST_CASE("cancel() ends a wait for another process", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    auto other = reader_of(path);
    REQUIRE(other.run("BEGIN IMMEDIATE"));
    std::jthread const stopper{[&] { sink.to->cancel(); }};
    auto events = store_batch(0, 10);
    REQUIRE(sink.to->write(events).has_error());
    REQUIRE(sink.to->write(events).error().code == errc::cancelled);
    REQUIRE(sink.to->flush().error().code == errc::cancelled);
}

TEST_CASE("readers see whole transactions while the sink writes, and do not delay it", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path, {.path = {}, .transaction_events_max = 100}};
    std::atomic<bool> finished{false};
    std::atomic<int> reads{0};
    std::string wrong;
    std::jthread reading{[&] {
        auto store = open_store(path);
        while (store && wrong.empty() && !finished) {
            auto const seen = (*store)->summary(3);
            if (!seen) {
                wrong = seen.error().message;
            } else if (seen->documents % 100 != 0 || seen->documents != seen->counts.indexed) {
                wrong = "half a transaction";
            }
            ++reads;
        }
        if (!store) wrong = store.error().message;
    }};
    std::uint64_t batches = 0;
    while (batches < 50 || (reads < 10 && batches < 5000)) {
        sink.store(store_batch(batches * 50, batches * 50 + 50));
        ++batches;
    }
    finished = true;
    reading.join();
    REQUIRE(wrong.empty());
    REQUIRE(reads >= 10);
}

TEST_CASE("documents that come untransformed must be JSON objects; others are named before anything is stored",
          "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    batch events;
    std::uint64_t id = 0;
    for (std::string_view const record :
         {R"({"other":1})", "oops", "[1]", R"({"a":01})", R"({"event":{"bytes":5}})", ""})
        events.append(events.tag_index("t"), test::store_id(id++), 0, record);
    events.counts.in = events.events.size();
    auto const failed = sink.to->write(events);
    REQUIRE(failed.has_error());
    REQUIRE(failed.error().code == errc::rejected);
    REQUIRE(events.rejections.size() == 4);
    REQUIRE(events.rejections[0].stage == "sqlite");
    REQUIRE(events.rejections[0].event == 1);
    events.counts.dead = 4;
    sink.store(std::move(events));
    REQUIRE(sink.to->flush());
    REQUIRE(number(path, "SELECT count(*) FROM documents") == 2);
    REQUIRE(number(path, "SELECT count(*) FROM documents WHERE bytes IS NULL AND request IS NULL") == 1);
    REQUIRE(number(path, "SELECT count(*) FROM documents WHERE bytes = 5 AND received_ms > 1700000000000") == 1);
    REQUIRE(sink.to->stored("journal a").value()->at(0).counts ==
            event_counts{.in = 6, .indexed = 2, .duplicates = 0, .dead = 4});
}

TEST_CASE("reopening keeps what is pending and inserts it once more", "[sqlite]") {
    scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    open_sink sink{path};
    sink.store(store_batch(0, 10));
    REQUIRE(sink.to->open(sink.reports));
    REQUIRE(sink.reports.batches.empty());
    sink.store(store_batch(10, 20));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.reports.counts == event_counts{.in = 20, .indexed = 20, .duplicates = 0, .dead = 0});
    REQUIRE(sink.to->stored("journal a").value()->at(0).counts.in == 20);
}

TEST_CASE("write() and flush() before open() say so", "[sqlite]") {
    auto const sink = make_sqlite_sink({.path = "x", .documents = nginx_documents()});
    auto events = store_batch(0, 1);
    REQUIRE(sink->write(events).error().code == errc::storage_failed);
    REQUIRE(sink->stored("a").error().code == errc::storage_failed);
    REQUIRE(sink->flush());
}

TEST_CASE("a store that is removed while it is written takes nothing more, and is not replaced by another one",
          "[sqlite]") {
    test::scratch_folder const folder;
    auto const path = folder.path("store.sqlite");
    test::open_sink sink{path};
    sink.store(test::store_batch(0, 10));
    REQUIRE(sink.to->flush());
    for (auto const* const part : {"", "-wal", "-shm"}) std::filesystem::remove(path + part);
    sink.store(test::store_batch(10, 20));
    auto const gone = sink.to->flush();
    REQUIRE(gone.error().code == errc::storage_failed);
    REQUIRE_THAT(gone.error().message, ContainsSubstring("is gone"));
    auto const reopened = sink.to->open(sink.reports);
    REQUIRE(reopened.error().code == errc::invalid_argument);
    REQUIRE_THAT(reopened.error().message, ContainsSubstring(path));
    REQUIRE(sink.reports.counts.indexed == 10);
}

TEST_CASE("a store that has nothing of the source yet is reopened after a failure", "[sqlite]") {
    test::scratch_folder const folder;
    test::open_sink sink{folder.path("store.sqlite")};
    REQUIRE(sink.to->open(sink.reports));
    sink.store(test::store_batch(0, 10));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.to->open(sink.reports));
    sink.store(test::store_batch(10, 20));
    REQUIRE(sink.to->flush());
    REQUIRE(sink.reports.counts.indexed == 20);
}
