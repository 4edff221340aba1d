// The writing side on a disk that fails: group commit, retries, full disks, failing syncs, locks.
#include "topic_writer.hpp"

#include "core/log.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "support/catch.hpp"
#include "topic_folder.hpp"
#include "world/faulty_files.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <future>
#include <latch>
#include <thread>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

struct topic_on_faulty_files {
    explicit topic_on_faulty_files(journal_options options = {}) {
        set_up_log({.level = log_level::off});
        options.folder = "data/topic";
        environment const world{.files = &files};
        opened = *journal::open_journal(options, world);
        end.emplace(*opened);
    }
    std::vector<std::string> records() {
        auto from = opened->make_source(fmt::format("reader-{}", ++readers));
        if (auto failed = from->open(); !failed) throw std::runtime_error{failed.error().message};
        return read_records(*from);
    }

    faulty_files files;
    std::shared_ptr<topic> opened;
    std::optional<topic_end> end;
    int readers = 0;
};

using strings = std::vector<std::string>;

}  // namespace

TEST_CASE("one sync makes many batches safe, and none is reported before", "[journal]") {
    topic_on_faulty_files topic;
    auto const before = topic.files.calls(file_operation::sync);
    for (int i = 0; i < 20; ++i) REQUIRE(topic.end->write(loose_events("t", {fmt::format("{}", i)})));
    REQUIRE(topic.end->reports.batches.empty());
    REQUIRE(topic.opened->synced_offset() == 0);
    REQUIRE(topic.records().empty());
    auto const readers = topic.files.calls(file_operation::sync) - before;
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 20);
    REQUIRE(topic.files.calls(file_operation::sync) - before - readers == 1);
    REQUIRE(topic.opened->synced_offset() == 20);
}

TEST_CASE("much that is not synced is synced without a flush", "[journal]") {
    topic_on_faulty_files topic;
    std::string const large(std::size_t{5} << 20U, 'x');
    for (int i = 0; i < 5; ++i) REQUIRE(topic.end->write(loose_events("t", {large})));
    REQUIRE(topic.end->reports.batches.size() == 4);
}

TEST_CASE("a retry of a pending chunk becomes safe with it, one of a safe chunk is dropped", "[journal]") {
    topic_on_faulty_files topic;
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a", "b"})));
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a", "b"})));
    REQUIRE(topic.end->reports.batches.empty());
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.counts == event_counts{.indexed = 2, .duplicates = 2});
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a", "b"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.counts == event_counts{.indexed = 2, .duplicates = 4});
    REQUIRE(topic.opened->duplicate_events() == 4);
    REQUIRE(topic.records() == strings{"a", "b"});
}

TEST_CASE("what is sent twice on purpose is kept, and is still recognised by sinks that drop duplicates", "[journal]") {
    topic_on_faulty_files topic;
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a"})));
    REQUIRE(topic.end->flush());
    topic_end reopened{*topic.opened, journal_duplicates::keep};
    REQUIRE(reopened.write(chunk_of("t", "c", {"a"})));
    REQUIRE(reopened.flush());
    REQUIRE(reopened.reports.counts == event_counts{.indexed = 1});
    REQUIRE(topic.records() == strings{"a", "a"});
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.counts == event_counts{.indexed = 1, .duplicates = 1});
}

TEST_CASE("another run of a known chunk is not a duplicate", "[journal]") {
    topic_on_faulty_files topic;
    auto first = chunk_of("t", "c", {"a", "b"});
    auto second = first;
    first.reject(1, "test", "later");
    second.reject(0, "test", "was sent");
    REQUIRE(topic.end->write(first));
    REQUIRE(topic.end->write(second));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.records() == strings{"a", "b"});
}

TEST_CASE("only as many of the newest chunks are known as the options say", "[journal]") {
    topic_on_faulty_files topic{{.chunk_window_count = 2}};
    for (auto const* name : {"1", "2", "3", "1", "3"}) {
        REQUIRE(topic.end->write(chunk_of("t", name, {"x"})));
        REQUIRE(topic.end->flush());
    }
    REQUIRE(topic.end->reports.counts == event_counts{.indexed = 4, .duplicates = 1});
}

TEST_CASE("a full disk leaves the batch untouched and the journal as it was, until there is room", "[journal]") {
    topic_on_faulty_files topic;
    REQUIRE(topic.end->write(loose_events("t", {"first"})));
    REQUIRE(topic.end->flush());
    topic.files.set_room(1000);
    auto events = loose_events("t", {std::string(3000, 'x')});
    auto const failed = topic.end->to->write(events);
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::storage_full);
    REQUIRE(events.events.size() == 1);
    REQUIRE(events.records.size() == 3000);
    REQUIRE(!topic.end->to->status().up);
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);

    topic.files.set_room(1'000'000);
    REQUIRE(topic.end->to->write(events));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->to->status().up);
    REQUIRE(topic.records() == strings{"first", std::string(3000, 'x')});
}

TEST_CASE("after a failed write the half frame is cut off", "[journal]") {
    topic_on_faulty_files topic;
    topic.files.fail(file_operation::write);
    auto const failed = topic.end->write(loose_events("t", {std::string(500, 'x')}));
    REQUIRE(failed.error().code == errc::storage_failed);
    REQUIRE(topic.files.contents(journal::segment_path("data/topic", 0)).empty());
}

TEST_CASE("when a half frame cannot be cut off, another segment is begun", "[journal]") {
    topic_on_faulty_files topic;
    REQUIRE(topic.end->write(loose_events("t", {"first"})));
    topic.files.fail(file_operation::write);
    topic.files.fail(file_operation::truncate);
    REQUIRE(!topic.end->write(loose_events("t", {"second"})));
    REQUIRE(topic.end->write(loose_events("t", {"third"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 2);
    REQUIRE(topic.records() == strings{"first", "third"});
}

TEST_CASE("after a failed sync everything pending is written again, and survives a power cut", "[journal]") {
    topic_on_faulty_files topic;
    REQUIRE(topic.end->write(loose_events("t", {"before"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a", "b"})));
    REQUIRE(topic.end->write(chunk_of("t", "c", {"a", "b"})));
    topic.files.fail(file_operation::sync);
    auto const failed = topic.end->flush();
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::storage_failed);
    REQUIRE(topic.end->reports.batches.size() == 1);
    REQUIRE(topic.opened->synced_offset() == 1);

    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.counts == event_counts{.indexed = 3, .duplicates = 2});
    REQUIRE(journal::list_segments(topic.files, "data/topic")->size() == 2);
    topic.files.power_off();
    topic.end.reset();
    topic.opened.reset();
    topic.files.power_on();
    topic.opened = *journal::open_journal({.folder = "data/topic"}, {.files = &topic.files});
    REQUIRE(topic.records() == strings{"before", "a", "b"});
}

TEST_CASE("a batch with nothing but rejected events is safe without being written", "[journal]") {
    topic_on_faulty_files topic;
    auto events = loose_events("t", {"x"});
    events.reject(0, "test", "no");
    REQUIRE(topic.end->write(events));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);
    REQUIRE(topic.end->reports.counts == event_counts{});
    REQUIRE(topic.records().empty());
}

TEST_CASE("a record that no frame can hold is rejected alone, and the others of its batch are kept", "[journal]") {
    topic_on_faulty_files topic;
    auto events = loose_events("t", {"a", "", "b"});
    auto const begin = events.records.size();
    events.records.resize(begin + payload_bytes_max);
    events.events[1].record_begin = static_cast<std::uint32_t>(begin);
    events.events[1].record_bytes = payload_bytes_max;
    auto const failed = topic.end->to->write(events);
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::rejected);
    REQUIRE(events.rejections.size() == 1);
    REQUIRE((events.rejections[0].event == 1 && events.rejections[0].stage == "journal"));
    REQUIRE(topic.end->to->write(events));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.records() == strings{"a", "b"});
}

TEST_CASE("a second writer is rejected while the first one is there, or one of its sinks", "[journal]") {
    scratch_folder const folder;
    auto first = open_journal({.folder = folder.path("t")});
    REQUIRE(first);
    REQUIRE(open_journal({.folder = folder.path("t")}).error().code == errc::busy);
    auto sink = (*first)->make_sink();
    first->reset();
    REQUIRE(open_journal({.folder = folder.path("t")}).error().code == errc::busy);
    sink.reset();
    REQUIRE(open_journal({.folder = folder.path("t")}));
}

TEST_CASE("a newer format is rejected with a reason", "[journal]") {
    topic_on_faulty_files topic;
    topic.end.reset();
    topic.opened.reset();
    topic.files.set_contents("data/topic/topic",
                             "logpipe journal\nformat 2\nidentity 0123456789abcdef\ncrc32c 8d0a3ae7\n");
    auto const damaged = journal::load_identity(topic.files, "data/topic");
    REQUIRE(damaged.error().code == errc::corrupt);
    topic.files.set_contents("data/topic/topic", journal::identity_file(2, 1));
    auto const failed = journal::open_journal({.folder = "data/topic"}, {.files = &topic.files});
    REQUIRE(!failed);
    REQUIRE(failed.error().code == errc::invalid_argument);
    REQUIRE_THAT(failed.error().message, ContainsSubstring("format 2"));
    REQUIRE_THAT(failed.error().message, ContainsSubstring("up to 1"));
}

TEST_CASE("a damaged topic file is recreated, with another identity", "[journal]") {
    topic_on_faulty_files topic;
    auto const identity = journal::load_identity(topic.files, "data/topic").value();
    REQUIRE(topic.end->write(loose_events("t", {"x"})));
    REQUIRE(topic.end->flush());
    topic.end.reset();
    topic.opened.reset();
    auto text = topic.files.contents("data/topic/topic");
    text[20] ^= 1;
    topic.files.set_contents("data/topic/topic", text);
    topic.opened = *journal::open_journal({.folder = "data/topic"}, {.files = &topic.files});
    REQUIRE(topic.opened->recovery().notes.size() == 1);
    REQUIRE(journal::load_identity(topic.files, "data/topic").value() != identity);
    REQUIRE(topic.records() == strings{"x"});
}

TEST_CASE("a cancelled sink takes nothing more", "[journal]") {
    topic_on_faulty_files topic;
    topic.end->to->cancel();
    REQUIRE(topic.end->write(loose_events("t", {"x"})).error().code == errc::cancelled);
    REQUIRE(topic.end->flush().error().code == errc::cancelled);
}

TEST_CASE("batches of a sink that is gone are not reported", "[journal]") {
    topic_on_faulty_files topic;
    {
        topic_end gone{*topic.opened};
        REQUIRE(gone.write(loose_events("t", {"x"})));
    }
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.empty());
}

TEST_CASE("never synced: batches are safe once written", "[journal]") {
    topic_on_faulty_files topic{{.sync = journal_sync::never}};
    auto const before = topic.files.calls(file_operation::sync);
    REQUIRE(topic.end->write(loose_events("t", {"x"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);
    REQUIRE(topic.files.calls(file_operation::sync) == before);
    REQUIRE(topic.records() == strings{"x"});
}

TEST_CASE("synced per interval: batches are safe with the interval's sync, and not before", "[journal]") {
    topic_on_faulty_files topic{{.sync = journal_sync::interval, .sync_interval = std::chrono::hours{1}}};
    REQUIRE(topic.end->write(loose_events("t", {"x"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.empty());
    REQUIRE(topic.records().empty());
    topic.files.power_off();
    topic.end.reset();
    topic.opened.reset();
    topic.files.power_on();

    topic.opened = *journal::open_journal(
        {.folder = "data/topic", .sync = journal_sync::interval, .sync_interval = std::chrono::milliseconds{10}},
        {.files = &topic.files});
    struct one_report final : completions {
        void done(batch&& finished) override { events.set_value(finished.events.size()); }
        std::promise<std::size_t> events;
    } report;
    auto said = report.events.get_future();
    auto const to = topic.opened->make_sink();
    REQUIRE(to->open(report));
    auto events = loose_events("t", {"y"});
    REQUIRE(to->write(events));
    REQUIRE(to->flush());
    REQUIRE(said.wait_until(soon()) == std::future_status::ready);
    REQUIRE(said.get() == 1);
    REQUIRE(topic.records().back() == "y");
}

TEST_CASE("synced per interval: much does not wait, and neither does what an operator sends", "[journal]") {
    topic_on_faulty_files topic{{.sync = journal_sync::interval, .sync_interval = std::chrono::hours{1}}};
    REQUIRE(topic.end->write(loose_events("t", {std::string(std::size_t{3} << 20U, 'x')})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);
    topic_end letters{*topic.opened, journal_duplicates::keep};
    REQUIRE(letters.write(loose_events("t", {"x"})));
    REQUIRE(letters.flush());
    REQUIRE(letters.reports.batches.size() == 1);
}

TEST_CASE("when the journal's folder vanishes nothing is done any more", "[journal]") {
    auto const sync = GENERATE(journal_sync::every_group, journal_sync::never);
    topic_on_faulty_files topic{{.sync = sync}};
    REQUIRE(topic.end->write(loose_events("t", {"before"})));
    REQUIRE(topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);
    topic.files.vanish("data");
    for (int i = 0; i < 3; ++i) {
        auto events = loose_events("t", {"after"});
        auto const written = topic.end->to->write(events);
        auto const flushed = topic.end->to->flush();
        REQUIRE(!flushed);
        REQUIRE_THAT(topic.end->to->status().reason, ContainsSubstring("gone"));
    }
    // Another one of the same name belongs to another writer.
    REQUIRE(topic.files.make_folder("data/topic"));
    REQUIRE(!topic.end->flush());
    REQUIRE(topic.end->reports.batches.size() == 1);
}

TEST_CASE("when a real folder is removed or renamed nothing is done any more", "[journal]") {
    set_up_log({.level = log_level::off});
    auto const renamed = GENERATE(false, true);
    scratch_folder const folder;
    auto const opened = open_journal({.folder = folder.path("data/t")});
    REQUIRE(opened);
    topic_end end{**opened};
    REQUIRE(end.write(loose_events("t", {"before"})));
    REQUIRE(end.flush());
    if (renamed)
        std::filesystem::rename(folder.path("data"), folder.path("other"));
    else
        std::filesystem::remove_all(folder.path("data"));
    REQUIRE(end.write(loose_events("t", {"after"})));
    REQUIRE(!end.flush());
    REQUIRE(end.reports.batches.size() == 1);
    REQUIRE(!end.to->status().up);
    if (!renamed) return;
    // As a disk that was unmounted and is mounted again.
    std::filesystem::rename(folder.path("other"), folder.path("data"));
    REQUIRE(end.flush());
    REQUIRE(end.reports.batches.size() == 2);
}

TEST_CASE("sinks on several threads share a journal", "[journal]") {
    scratch_folder const folder;
    auto const opened = open_journal({.folder = folder.path("t"), .segment_bytes = 20'000});
    REQUIRE(opened);
    constexpr int count = 200;
    std::vector<std::unique_ptr<topic_end>> ends;
    for (int i = 0; i < 3; ++i) ends.push_back(std::make_unique<topic_end>(**opened));
    std::latch ready{3};
    std::vector<std::jthread> threads;
    std::atomic<int> failures = 0;
    for (int t = 0; t < 3; ++t)
        threads.emplace_back([&, t] {
            ready.arrive_and_wait();
            for (int i = 0; i < count; ++i) {
                if (!ends[static_cast<std::size_t>(t)]->write(loose_events("t", {fmt::format("{}-{}", t, i)})))
                    ++failures;
                if (i % 10 == 9 && !ends[static_cast<std::size_t>(t)]->flush()) ++failures;
            }
        });
    threads.clear();
    REQUIRE(failures == 0);
    for (auto const& end : ends) REQUIRE(end->reports.batches.size() == count);
    auto from = (*opened)->make_source("g");
    REQUIRE(from->open());
    REQUIRE(read_records(*from).size() == 3 * count);
}
