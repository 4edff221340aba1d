// The journal against a simple model: random writes, retries, reads, commits and faults, with power cuts and kills in
// between. A seed that fails is printed and fails again.
#include "core/log.hpp"
#include "environment.hpp"
#include "journal_support.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "topic_folder.hpp"
#include "world/faulty_files.hpp"

#include <fmt/format.h>

#include <map>
#include <random>
#include <set>

using namespace logpipe;
using namespace logpipe::journal;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

struct chunk {
    std::string name;
    std::vector<std::string> records;
};

struct model_options {
    double faults = 0.0;
    bool crashes = true;
};

/// What must hold: an acked event is read by every group; an event has one id and one offset for ever, and no other
/// event ever has them; nothing is read that was not written; a chunk that is sent again until it is acked is there
/// once.
class model final {
  public:
    model(std::uint64_t seed, model_options options) : options_{options}, random_{seed}, files_{seed} { start(); }

    void run(std::size_t steps) {
        for (std::size_t i = 0; i < steps; ++i) {
            switch (pick(24)) {
                case 0:
                case 1:
                case 2:
                case 3:
                case 4:
                case 5:
                    write_chunk(new_chunk());
                    break;
                case 6:
                case 7:
                    write_loose();
                    break;
                case 8:
                case 9:
                    if (!sent_.empty()) write_chunk(sent_[pick(sent_.size())]);
                    break;
                case 10:
                case 11:
                case 12:
                case 13:
                case 14:
                    (void)sink_->flush();
                    break;
                case 15:
                case 16:
                case 17:
                case 18:
                case 19:
                case 20:
                    read(groups_[pick(groups_.size())]);
                    break;
                case 21:
                    stop();
                    start();
                    break;
                default:
                    if (options_.crashes && pick(3) == 0) crash();
                    break;
            }
            take_reports();
        }
        finish();
    }

  private:
    struct group {
        std::string name;
        std::unique_ptr<source> from;
        std::set<std::string> seen;
        std::uint64_t read_to = 0;
    };

    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }

    environment world() {
        return {.files = &files_, .now = [this] { return ++time_ns_; }, .random = [this] { return random_() | 1U; }};
    }

    /// A start may meet a fault, but never fails for what it finds.
    void start() {
        while (true) {
            auto opened =
                journal::open_journal({.folder = "data/topic", .segment_bytes = 2048, .bytes_max = 1U << 20U}, world());
            if (!opened) {
                REQUIRE(options_.faults > 0);
                REQUIRE(opened.error().code == errc::storage_failed);
                continue;
            }
            journal_ = *std::move(opened);
            sink_ = journal_->make_sink();
            REQUIRE(sink_->open(reports_));
            files_.fail_at_random(0);
            for (auto& each : groups_) {
                each.from = journal_->make_source(each.name);
                REQUIRE(each.from->open());
            }
            freed_before_ = std::max(freed_before_, journal::list_segments(files_, "data/topic").value().front());
            files_.fail_at_random(options_.faults);
            return;
        }
    }

    void stop() {
        for (auto& each : groups_) each.from.reset();
        sink_.reset();
        journal_.reset();
    }

    void crash() {
        files_.power_off();
        stop();
        if (pick(2) == 0)
            files_.power_on();
        else
            files_.power_on_after_kill();
        start();
    }

    chunk new_chunk() {
        chunk made{.name = fmt::format("chunk {}", ++serial_), .records = {}};
        auto const count = 1 + pick(4);
        for (std::size_t i = 0; i < count; ++i)
            made.records.push_back(
                fmt::format("{{\"serial\":{},\"x\":\"{}\"}}", ++serial_, std::string(pick(200), 'x')));
        sent_.push_back(made);
        return made;
    }

    void write_chunk(chunk const& what) { write(chunk_of("app.follow", what.name, what.records), true); }

    void write_loose() { write(loose_events("fluent.info", {fmt::format("{{\"serial\":{}}}", ++serial_)}), false); }

    void write(batch events, bool is_chunk) {
        std::set<std::string> records;
        for (auto const& row : events.events) records.emplace(events.record(row));
        for (auto const& record : records) written_.emplace(record, is_chunk);
        if (auto written = sink_->write(events); !written) {
            REQUIRE(options_.faults > 0);
            // Untouched: it can be offered again.
            REQUIRE(events.events.size() == records.size());
            for (auto const& row : events.events) REQUIRE(records.contains(std::string{events.record(row)}));
        }
    }

    void take_reports() {
        for (auto const& done : reports_.batches) {
            REQUIRE(done.counts.indexed + done.counts.duplicates == done.events.size());
            for (auto const& row : done.events) acked_.emplace(done.record(row));
        }
        reports_.batches.clear();
    }

    void read(group& of) {
        batch got;
        if (auto read = of.from->read(got, at_once()); !read) {
            REQUIRE(options_.faults > 0);
            return;
        }
        take_reports();
        for (auto const& row : got.events) check(of, row, std::string{got.record(row)});
        if (!got.empty()) of.read_to = got.end_offset;
        if (pick(2) == 0) {
            progress const safe{.safe = {.partition = 0, .offset = of.read_to}, .counts = {}};
            if (auto moved = of.from->commit({&safe, 1}); !moved) REQUIRE(options_.faults > 0);
        }
    }

    void check(group& of, event const& row, std::string const& record) {
        INFO("offset " << row.offset << ", record " << record);
        REQUIRE(written_.contains(record));
        REQUIRE(row.id);
        REQUIRE(record_of_id_.emplace(row.id, record).first->second == record);
        REQUIRE(record_at_.emplace(row.offset, record).first->second == record);
        REQUIRE(id_of_.emplace(record, row.id).first->second == row.id);
        auto& offsets = offsets_of_[record];
        offsets.insert(row.offset);
        REQUIRE((offsets.size() == 1 || *offsets.begin() < freed_before_));
        of.seen.insert(record);
    }

    /// Everything sent again until it is acked, everything read: now all of it is there, once.
    void finish() {
        files_.fail_at_random(0);
        options_.faults = 0;
        for (auto const& each : sent_) write_chunk(each);
        REQUIRE(sink_->flush());
        take_reports();
        for (auto& each : groups_) {
            read_all(each);
            for (auto const& record : acked_) {
                INFO("group " << each.name << ", record " << record);
                REQUIRE(each.seen.contains(record));
            }
        }
        for (auto const& each : sent_)
            for (auto const& record : each.records) REQUIRE(offsets_of_.contains(record));
    }

    void read_all(group& of) {
        batch got;
        while (true) {
            got.clear();
            REQUIRE(of.from->read(got, at_once()));
            if (got.empty()) return;
            for (auto const& row : got.events) check(of, row, std::string{got.record(row)});
        }
    }

    model_options options_;
    std::mt19937_64 random_;
    faulty_files files_;
    std::int64_t time_ns_ = 1;
    std::shared_ptr<topic> journal_;
    reported reports_;
    std::unique_ptr<sink> sink_;
    std::vector<group> groups_ = [] {
        std::vector<group> two(2);
        two[0].name = "fast";
        two[1].name = "slow";
        return two;
    }();

    std::uint64_t serial_ = 0;
    std::vector<chunk> sent_;
    std::map<std::string, bool> written_;
    std::set<std::string> acked_;
    std::map<event_id, std::string> record_of_id_;
    std::map<std::uint64_t, std::string> record_at_;
    std::map<std::string, event_id> id_of_;
    std::map<std::string, std::set<std::uint64_t>> offsets_of_;
    std::uint64_t freed_before_ = 0;  // offsets that a start did not find
};

}  // namespace

TEST_CASE("acked events survive power cuts and kills, once each, with ids that never repeat", "[journal][model]") {
    set_up_log({.level = log_level::off});
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("seed " << seed);
        model{seed, {}}.run(250);
    }
}

TEST_CASE("acked events survive a disk that fails at random as well", "[journal][model]") {
    set_up_log({.level = log_level::off});
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        INFO("seed " << seed);
        model{seed, {.faults = 0.02}}.run(250);
    }
}
