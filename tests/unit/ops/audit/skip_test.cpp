#include "audit/skip.hpp"

#include "core/chunk_hash.hpp"
#include "journal/journal.hpp"
#include "kafka/kafka_letter.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <vector>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::journal;
using namespace logpipe::kafka;
using namespace logpipe::test;

namespace {

/// Keeps them.
class kept_letters final : public dead_letters {
  public:
    result<> put(std::span<dead_letter const> letters) override {
        if (failure) return *failure;
        all.insert(all.end(), letters.begin(), letters.end());
        return {};
    }
    std::vector<dead_letter> all;
    std::optional<error> failure;
};

void fill(journal::topic& topic, std::size_t count) {
    auto const to = topic.make_sink();
    reported reports;
    REQUIRE(to->open(reports));
    for (std::size_t i = 0; i < count; ++i) {
        batch one;
        auto& row = one.append(one.tag_index("app.x"), event_id{.high = 9, .low = (i + 1) << 32U}, 7,
                               "event " + std::to_string(i));
        row.received_ns = 8;
        one.end_offset = 1;
        REQUIRE(to->write(one));
        REQUIRE(to->flush());
    }
}

}  // namespace

TEST_CASE("a group of a journal is passed over events, which become dead letters first", "[skip]") {
    scratch_folder const scratch;
    auto const folder = scratch.path("in");
    auto const topic = open_journal({.folder = folder});
    REQUIRE(topic.has_value());
    fill(**topic, 10);
    {
        auto const reader = (*topic)->make_source("index");
        REQUIRE(reader->open());
        progress const safe{.safe = {.partition = 0, .offset = 3},
                            .counts = {.in = 3, .indexed = 3, .duplicates = 0, .dead = 0}};
        REQUIRE(reader->commit({&safe, 1}));
    }
    auto const endpoint = make_journal_group(folder, "index");
    auto const plan = plan_skip(*endpoint, 0, 4);
    REQUIRE(plan.has_value());
    CHECK((plan->from == 3 && plan->to == 5 && plan->events == 2));
    kept_letters letters;
    {
        auto const reader = (*topic)->make_source("index");
        REQUIRE(reader->open());
        auto const busy = skip(*endpoint, *plan, letters);
        REQUIRE_FALSE(busy.has_value());
        CHECK(busy.error().code == errc::busy);
        letters.all.clear();
    }
    letters.failure = error{errc::storage_full, "full"};
    CHECK(skip(*endpoint, *plan, letters).error().code == errc::storage_full);
    CHECK(endpoint->snapshot(0).value().position == 3);
    letters.failure.reset();
    REQUIRE(skip(*endpoint, *plan, letters));
    REQUIRE(letters.all.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
        auto const& letter = letters.all[i];
        CHECK(letter.record == "event " + std::to_string(3 + i));
        CHECK(letter.reason == "skipped by operator");
        CHECK(letter.stage == "operator");
        CHECK(letter.origin == "journal in offset " + std::to_string(3 + i));
        CHECK((letter.tag == "app.x" && letter.event_time_ns == 7 && letter.received_ns == 8 && letter.time_ns > 0));
        CHECK(letter.id == event_id{.high = 9, .low = (4 + i) << 32U});
    }
    auto const info = inspect_journal(folder).value();
    REQUIRE(info.cursors.size() == 1);
    CHECK(info.cursors[0].offset == 5);
    CHECK(info.cursors[0].counts == event_counts{.in = 5, .indexed = 3, .duplicates = 0, .dead = 2});

    CHECK(plan_skip(*endpoint, 0, 4).error().code == errc::invalid_argument);
    CHECK(plan_skip(*endpoint, 0, 10).error().code == errc::invalid_argument);
    CHECK(plan_skip(*endpoint, 1, 5).error().code == errc::not_found);
    CHECK(plan_skip(*make_journal_group(folder, "other"), 0, 5).error().code == errc::not_found);
}

TEST_CASE("a group of Kafka is passed over messages, and tombstones among them make no dead letter", "[skip]") {
    memory_kafka cluster;
    for (int i = 0; i < 5; ++i)
        cluster.add("t", kafka_letter_key({.high = 1, .low = static_cast<std::uint64_t>(i + 1)}, {}),
                    i == 2 ? std::nullopt : std::optional{"message " + std::to_string(i)}, 1'000);
    cluster.groups["consume"] = {.state = "Empty", .members = {}, .positions = {{.partition = 0, .committed = 1}}};
    auto const endpoint = make_kafka_group(cluster, "t", "consume");
    auto const plan = plan_skip(*endpoint, 0, 3);
    REQUIRE(plan.has_value());
    CHECK((plan->from == 1 && plan->to == 4 && plan->events == 2));
    kept_letters letters;
    REQUIRE(skip(*endpoint, *plan, letters));
    REQUIRE(letters.all.size() == 2);
    CHECK(letters.all[0].record == "message 1");
    CHECK(letters.all[1].origin == "kafka t 0 offset 3");
    CHECK(cluster.moved == std::vector<std::pair<std::int32_t, std::int64_t>>{{0, 4}});
    CHECK(plan_skip(*endpoint, 3, 0).error().code == errc::not_found);
    CHECK(plan_skip(*endpoint, 0, 0).error().code == errc::invalid_argument);
}
