#include "core/log.hpp"
#include "cursor_file.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "world/faulty_files.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

using strings = std::vector<std::string>;

struct open_topic {
    explicit open_topic(journal_options options = {}) {
        set_up_log({.level = log_level::off});
        options.folder = folder.path("nginx-logs");
        opened = *open_journal(options);
        end.emplace(*opened);
    }
    void add(std::string const& record) {
        REQUIRE(end->write(loose_events("t", {record})));
        REQUIRE(end->flush());
    }

    scratch_folder folder;
    std::shared_ptr<topic> opened;
    std::optional<topic_end> end;
};

void commit(source& of, std::uint64_t offset, event_counts counts = {}) {
    progress const safe{.safe = {.partition = 0, .offset = offset}, .counts = counts};
    REQUIRE(of.commit({&safe, 1}));
}

/// What is on disk of a group of "d/t".
cursor inspected(file_system& files, std::string_view group) {
    slot_file from{files, journal::cursor_path("d/t", group)};
    auto const found = journal::load_cursor(from);
    REQUIRE(found.has_value());
    return *found;
}

}  // namespace

TEST_CASE("a waiting reader is woken by the sync, not by the write", "[journal]") {
    open_topic topic;
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    REQUIRE(topic.end->write(loose_events("t", {"x"})));
    batch got;
    REQUIRE(from->read(got, at_once()));
    REQUIRE(got.empty());
    std::jthread const writer{[&] { (void)topic.end->flush(); }};
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 1);
}

TEST_CASE("wake() ends a wait, also one that begins later", "[journal]") {
    open_topic topic;
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    batch got;
    from->wake();
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.empty());
    std::jthread const waker{[&] { from->wake(); }};
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.empty());
}

TEST_CASE("after stop() what was there is read, then the input ends", "[journal]") {
    open_topic topic;
    topic.add("x");
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    from->stop();
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 1);
    topic.add("later");
    got.clear();
    REQUIRE(from->read(got, soon()).error().code == errc::end_of_input);
    REQUIRE(from->status().up);
}

TEST_CASE("a batch ends at a frame when it is full", "[journal]") {
    open_topic topic;
    std::string const large(batch::bytes_target, 'x');
    topic.add(large);
    topic.add("next");
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 1);
    REQUIRE(got.end_offset == 1);
    got.clear();
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.end_offset == 2);
}

TEST_CASE("a large frame is read in portions that end where they ended before", "[journal]") {
    open_topic topic;
    std::string const large(std::size_t{1} << 20U, 'x');
    auto const chunk = chunk_of("t", "c", {large, large, large, large, "last"});
    REQUIRE(topic.end->write(chunk));
    REQUIRE(topic.end->flush());
    auto const ends_from = [&](std::uint64_t offset) {
        auto from = topic.opened->make_source("g");
        REQUIRE(from->open());
        position const stored{.partition = 0, .offset = offset};
        REQUIRE(from->seek({&stored, 1}));
        std::vector<std::uint64_t> ends;
        for (auto next = offset; next < 5; next = ends.back()) {
            batch got;
            REQUIRE(from->read(got, soon()));
            REQUIRE(got.events.front().offset == next);
            REQUIRE(got.events.front().id == chunk.events[next].id);
            REQUIRE(got.record(got.events.back()) == chunk.record(chunk.events[got.end_offset - 1]));
            ends.push_back(got.end_offset);
        }
        return ends;
    };
    CHECK(ends_from(0) == std::vector<std::uint64_t>{2, 4, 5});
    CHECK(ends_from(2) == std::vector<std::uint64_t>{4, 5});
    CHECK(ends_from(3) == std::vector<std::uint64_t>{4, 5});
}

TEST_CASE("a cursor keeps position and counts over a restart", "[journal]") {
    open_topic topic;
    for (auto const* record : {"a", "b", "c"}) topic.add(record);
    {
        auto from = topic.opened->make_source("g");
        REQUIRE(from->open());
        REQUIRE(from->counted() == event_counts{});
        REQUIRE(read_records(*from) == strings{"a", "b", "c"});
        commit(*from, 1, {.in = 1, .indexed = 1});
        commit(*from, 2, {.in = 1, .dead = 1});
        REQUIRE(gauge_of(from->status(), "journal_lag_events") == 1);
    }
    auto reopened = topic.opened->make_source("g");
    REQUIRE(reopened->open());
    REQUIRE(reopened->counted() == event_counts{.in = 2, .indexed = 1, .dead = 1});
    REQUIRE(read_records(*reopened) == strings{"c"});
}

TEST_CASE("a read may begin inside a chunk", "[journal]") {
    open_topic topic;
    auto const chunk = chunk_of("t", "c", {"a", "b", "c"});
    REQUIRE(topic.end->write(chunk));
    REQUIRE(topic.end->flush());
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    position const stored{.partition = 0, .offset = 1};
    REQUIRE(from->seek({&stored, 1}));
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 2);
    REQUIRE(got.events[0].offset == 1);
    REQUIRE(got.events[0].id == chunk.events[1].id);
    REQUIRE(got.record(got.events[1]) == "c");
}

TEST_CASE("a failed commit leaves the old position, and is retried", "[journal]") {
    set_up_log({.level = log_level::off});
    faulty_files files;
    auto const opened = *journal::open_journal({.folder = "d/t"}, {.files = &files});
    topic_end end{*opened};
    REQUIRE(end.write(loose_events("t", {"a", "b"})));
    REQUIRE(end.flush());
    auto from = opened->make_source("g");
    REQUIRE(from->open());
    files.fail(file_operation::write);
    // Written to disk with the first commit of each interval, which then fails.
    progress const moved{.safe = {.partition = 0, .offset = 1}, .counts = {}};
    while (from->commit({&moved, 1})) {
    }
    REQUIRE(!from->status().up);
    progress const safe{.safe = {.partition = 0, .offset = 2}, .counts = {.in = 2, .indexed = 2}};
    files.fail(file_operation::sync);
    REQUIRE(from->commit({&safe, 1}).error().code == errc::storage_failed);
    REQUIRE(gauge_of(from->status(), "journal_committed_offset") < 2);
    REQUIRE(from->commit({&safe, 1}));
    REQUIRE(gauge_of(from->status(), "journal_committed_offset") == 2);
    REQUIRE(from->status().up);
    from.reset();
    auto const reopened = opened->make_source("g");
    REQUIRE(reopened->open());
    REQUIRE(reopened->counted() == event_counts{.in = 2, .indexed = 2});
}

TEST_CASE("a full disk does not stop a cursor, nor a group that has none yet", "[journal]") {
    set_up_log({.level = log_level::off});
    faulty_files files;
    auto const opened = *journal::open_journal({.folder = "d/t"}, {.files = &files});
    topic_end end{*opened};
    REQUIRE(end.write(loose_events("t", {"a", "b"})));
    REQUIRE(end.flush());
    auto from = opened->make_source("g");
    REQUIRE(from->open());
    files.set_room(0);
    commit(*from, 2, {.in = 2, .indexed = 2});
    from.reset();
    REQUIRE(inspected(files, "g").offset == 2);
    REQUIRE(gauge_of(end.to->status(), "journal_reserve_bytes") > 0);

    auto first = opened->make_source("another");
    REQUIRE(first->open());
    REQUIRE(files.contents("d/t/reserve").empty());
    commit(*first, 1);
    first.reset();
    REQUIRE(inspected(files, "another").offset == 1);
}

TEST_CASE("a cursor of the first version is read, and turned over by the next move, also on a full disk", "[journal]") {
    set_up_log({.level = log_level::off});
    faulty_files files;
    auto const opened = *journal::open_journal({.folder = "d/t"}, {.files = &files});
    topic_end end{*opened};
    REQUIRE(end.write(loose_events("t", {"a", "b", "c"})));
    REQUIRE(end.flush());
    std::ifstream fixture{LOGPIPE_TESTS_FOLDER "/unit/ends/journal/fixtures/format-1/cursors/index", std::ios::binary};
    files.set_contents("d/t/cursors/index", {std::istreambuf_iterator<char>{fixture}, {}});
    files.set_room(0);
    auto from = opened->make_source("index");
    REQUIRE(from->open());
    REQUIRE(from->counted() == event_counts{.in = 3, .indexed = 2, .duplicates = 1, .dead = 0});
    REQUIRE(gauge_of(from->status(), "journal_committed_offset") == 3);
    files.set_room(0);
    commit(*from, 4, {.in = 1, .indexed = 1});
    from.reset();
    REQUIRE(inspected(files, "index") ==
            journal::cursor{.offset = 4, .counts = {.in = 4, .indexed = 3, .duplicates = 1, .dead = 0}});
}

TEST_CASE("a sink without a position makes the group start with the oldest event that is there", "[journal]") {
    open_topic topic;
    for (auto const* const record : {"a", "b", "c"}) topic.add(record);
    {
        auto from = topic.opened->make_source("g");
        REQUIRE(from->open());
        REQUIRE(read_records(*from).size() == 3);
        commit(*from, 3, {.in = 3, .indexed = 3});
    }
    auto reopened = topic.opened->make_source("g");
    REQUIRE(reopened->open());
    REQUIRE(reopened->seek_oldest());
    REQUIRE(read_records(*reopened) == strings{"a", "b", "c"});
    commit(*reopened, 3, {.in = 3, .indexed = 3});
    reopened.reset();
    auto const info = inspect_journal(topic.folder.path("nginx-logs"));
    REQUIRE(info.has_value());
    REQUIRE(info->cursors.at(0).offset == 3);
    REQUIRE(info->cursors.at(0).counts == event_counts{.in = 3, .indexed = 3});
}

TEST_CASE("a failed read goes on where it was", "[journal]") {
    set_up_log({.level = log_level::off});
    faulty_files files;
    auto const opened = *journal::open_journal({.folder = "d/t"}, {.files = &files});
    topic_end end{*opened};
    REQUIRE(end.write(loose_events("t", {"a", "b"})));
    REQUIRE(end.flush());
    auto from = opened->make_source("g");
    REQUIRE(from->open());
    files.fail(file_operation::read);
    batch got;
    REQUIRE(from->read(got, at_once()).error().code == errc::storage_failed);
    REQUIRE(from->open());
    REQUIRE(read_records(*from) == strings{"a", "b"});
}

TEST_CASE("a group has one reader, and a name that is a file name", "[journal]") {
    open_topic topic;
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    REQUIRE(topic.opened->make_source("g")->open().error().code == errc::busy);
    REQUIRE(make_journal_source({.folder = topic.folder.path("nginx-logs"), .group = "g"})->open().error().code ==
            errc::busy);
    REQUIRE(topic.opened->make_source("../x")->open().error().code == errc::invalid_argument);
    from.reset();
    REQUIRE(topic.opened->make_source("g")->open());
}

TEST_CASE("sources and sinks work on when the journal's handle is gone", "[journal]") {
    open_topic topic;
    auto from = topic.opened->make_source("g");
    REQUIRE(from->open());
    topic.opened.reset();
    REQUIRE(topic.end->write(loose_events("t", {"x"})));
    REQUIRE(topic.end->flush());
    REQUIRE(read_records(*from) == strings{"x"});
}

TEST_CASE("a reader without the writer sees what was synced, and waits for a journal that is not there", "[journal]") {
    scratch_folder const empty;
    auto early = make_journal_source({.folder = empty.path("t"), .group = "g"});
    REQUIRE(early->open().error().code == errc::not_connected);

    open_topic topic;
    topic.add("a");
    REQUIRE(topic.end->write(loose_events("t", {"not synced"})));
    auto from = make_journal_source({.folder = topic.folder.path("nginx-logs"), .group = "g"});
    REQUIRE(from->open());
    REQUIRE(from->identity().starts_with("journal:nginx-logs:"));
    REQUIRE(read_records(*from) == strings{"a"});
    REQUIRE(topic.end->flush());
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 1);
    from->stop();
    got.clear();
    REQUIRE(from->read(got, soon()).error().code == errc::end_of_input);
}

TEST_CASE("another process reads along while segments come and go", "[journal]") {
    open_topic topic{{.segment_bytes = 2000}};
    constexpr int count = 300;
    int results[2];
    REQUIRE(pipe(results) == 0);
    auto const child = fork();
    if (child == 0) {
        // No test framework here: the exit status tells. The file locks of the parent are not touched.
        auto from = make_journal_source({.folder = topic.folder.path("nginx-logs"), .group = "other"});
        if (!from->open()) _exit(2);
        char const ready = 'r';
        if (write(results[1], &ready, 1) != 1) _exit(3);
        int next = 0;
        batch got;
        while (next < count) {
            got.clear();
            if (!from->read(got, soon()) || got.empty()) _exit(4);
            for (auto const& row : got.events)
                if (got.record(row) != fmt::format("{}", next++)) _exit(5);
            progress const safe{.safe = {.partition = 0, .offset = got.end_offset}, .counts = {}};
            if (!from->commit({&safe, 1})) _exit(6);
        }
        from.reset();
        _exit(0);
    }
    char ready = 0;
    REQUIRE(read(results[0], &ready, 1) == 1);
    for (int i = 0; i < count; ++i) topic.add(fmt::format("{}", i));
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    REQUIRE(status == 0);
    close(results[0]);
    close(results[1]);
    // Its cursor lets the writer free what it has read.
    for (int i = 0; i < 30; ++i) topic.add("more");
    REQUIRE(gauge_of(topic.end->to->status(), "journal_segments") <= 3);
}

TEST_CASE("a reader in another process knows its backlog from its opening on, also while it does not read",
          "[journal]") {
    open_topic topic;
    for (auto const* const record : {"a", "b", "c"}) topic.add(record);
    auto from = make_journal_source({.folder = topic.folder.path("nginx-logs"), .group = "g"});
    REQUIRE_FALSE(from->backlog());
    REQUIRE(from->open());
    REQUIRE(from->backlog() == 3);
    topic.add("d");
    REQUIRE(from->backlog() == 4);
    batch got;
    REQUIRE(from->read(got, soon()));
    REQUIRE(got.events.size() == 4);
    REQUIRE(from->backlog() == 0);
    commit(*from, 4, {.in = 4, .indexed = 4});
    REQUIRE(from->backlog() == 0);
}

TEST_CASE("a journal's own reader knows its backlog from its opening on", "[journal]") {
    open_topic topic;
    topic.add("a");
    auto from = topic.opened->make_source("g");
    REQUIRE_FALSE(from->backlog());
    REQUIRE(from->open());
    REQUIRE(from->backlog() == 1);
    topic.add("b");
    REQUIRE(from->backlog() == 2);
    REQUIRE(read_records(*from).size() == 2);
    REQUIRE(from->backlog() == 0);
}
