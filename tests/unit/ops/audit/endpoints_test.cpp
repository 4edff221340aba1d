#include "audit/audit.hpp"

#include "journal/journal.hpp"
#include "memory_kafka.hpp"
#include "support/catch.hpp"

#include <array>
#include <memory>
#include <set>
#include <span>

using namespace logpipe;
using namespace logpipe::audit;
using namespace logpipe::journal;
using namespace logpipe::kafka;
using test::memory_kafka;

namespace {

std::string key_of(std::uint64_t number) {
    return kafka_key({.high = 1, .low = number});
}

std::set<std::uint64_t> in_flight(audited_endpoint& endpoint) {
    std::set<std::uint64_t> found;
    REQUIRE(endpoint.scan([&](audited_endpoint::sighting const& each) -> result<> {
        if (each.is_in_flight) found.insert(each.id.low);
        return {};
    }));
    return found;
}

/// As one who is shown uncommitted messages sees it; asked only where there are gaps.
std::unique_ptr<audited_endpoint> audited(memory_kafka& cluster, std::vector<std::string> groups) {
    auto uncommitted = std::make_shared<memory_kafka>(cluster);
    uncommitted->shows_uncommitted = true;
    return audit_kafka(
        cluster, [uncommitted] { return result<kafka_admin*>{uncommitted.get()}; }, "in", std::move(groups));
}

/// Ten offsets: events, a tombstone at 3, aborted at 4 and 5, a marker at 6.
memory_kafka in_transactions() {
    memory_kafka cluster;
    for (std::uint64_t i = 0; i < 10; ++i) cluster.add("in", key_of(i), "{}", 1000);
    auto& messages = cluster.topics["in"].partitions[0];
    messages[3].value.reset();
    messages[4].by = messages[5].by = memory_kafka::message::seen::uncommitted;
    messages[6].by = memory_kafka::message::seen::never;
    return cluster;
}

/// Documents of the first so many of the six events.
class six_documents final : public audited_endpoint {
  public:
    static constexpr std::array<std::uint64_t, 6> offsets{0, 1, 2, 7, 8, 9};

    std::string const& name() const override { return name_; }
    endpoint_kind kind() const override { return endpoint_kind::store; }
    result<endpoint_facts> snapshot() override {
        return endpoint_facts{.total = count, .visible = count, .in_flight = 0, .unseen = {}};
    }
    result<> scan(std::function<result<>(sighting const&)> const& each) override {
        for (std::uint64_t const number : std::span{offsets}.first(count))
            if (auto handled = each({.id = {.high = 1, .low = number}}); !handled) return handled;
        return {};
    }
    std::uint64_t count = 6;

  private:
    std::string const name_ = "store";
};

std::array<audit_report, 2> by_counts_and_by_ids(memory_kafka& cluster, std::uint64_t documents = 6,
                                                 audit_options const& options = {}) {
    std::array<audit_report, 2> reports;
    for (auto& report : reports) {
        std::vector<std::unique_ptr<audited_endpoint>> endpoints;
        endpoints.push_back(audited(cluster, {"index"}));
        auto store = std::make_unique<six_documents>();
        store->count = documents;
        endpoints.push_back(std::move(store));
        auto made = &report == &reports[0] ? audit_by_counts(endpoints, options) : audit_by_ids(endpoints, options);
        REQUIRE(made.has_value());
        report = *std::move(made);
    }
    return reports;
}

memory_kafka five_messages() {
    memory_kafka cluster;
    for (std::uint64_t i = 0; i < 5; ++i) cluster.add("in", key_of(i), "{}", 1000);
    return cluster;
}

}  // namespace

TEST_CASE("what is after the group's position is in flight", "[endpoints]") {
    auto cluster = five_messages();
    cluster.groups["index"].positions = {{.partition = 0, .committed = 3}};
    auto const endpoint = audited(cluster, {"consume", "index"});
    auto const facts = endpoint->snapshot();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 5);
    CHECK(facts->in_flight == 2);
    CHECK(in_flight(*endpoint) == std::set<std::uint64_t>{3, 4});
}

TEST_CASE("a topic that nobody reads is to be in the store whole", "[endpoints]") {
    auto cluster = five_messages();
    cluster.groups["index"].positions = {{.partition = 0, .committed = -1}};
    auto const endpoint = audited(cluster, {"consume", "index"});
    REQUIRE(endpoint->snapshot().has_value());
    CHECK(in_flight(*endpoint).empty());
}

TEST_CASE("of a partition that its readers have not begun all is on its way", "[endpoints]") {
    auto cluster = five_messages();
    cluster.topics["in"].partitions.emplace_back().push_back({1000, key_of(7), "{}"});
    cluster.groups["index"].positions = {{.partition = 0, .committed = 5}};
    auto const endpoint = audited(cluster, {"index"});
    REQUIRE(endpoint->snapshot().has_value());
    CHECK(in_flight(*endpoint) == std::set<std::uint64_t>{7});
}

TEST_CASE("offsets that have expired are named and not counted as visible", "[endpoints]") {
    auto cluster = five_messages();
    cluster.topics["in"].expired = 2;
    auto const endpoint = audited(cluster, {});
    auto const facts = endpoint->snapshot();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 5);
    CHECK(facts->visible == 3);
    CHECK(facts->unseen == std::vector<std::string>{"partition 0: offsets 0 to 1 have expired"});
}

TEST_CASE("offsets without an event are distinguished and nothing is missing, whichever group has counted them",
          "[endpoints]") {
    auto cluster = in_transactions();
    SECTION("nobody reads it") {}
    SECTION("by another program") {
        cluster.groups["index"].positions = {{.partition = 0, .committed = 10}};
    }
    SECTION("by logpipe") {
        cluster.groups["index"].positions = {{.partition = 0,
                                              .committed = 10,
                                              .counted_from = 0,
                                              .counts = {.in = 6, .indexed = 6},
                                              .passed = {.tombstones = 1, .gaps = 3, .expired = 0}}};
    }
    SECTION("by logpipe, of before it counted tombstones by themselves") {
        cluster.groups["index"].positions = {{.partition = 0,
                                              .committed = 10,
                                              .counted_from = 0,
                                              .counts = {.in = 6, .indexed = 6},
                                              .passed = {.tombstones = 0, .gaps = 4, .expired = 0}}};
    }
    for (auto const& report : by_counts_and_by_ids(cluster)) {
        CAPTURE(to_text(report));
        CHECK(all_accounted_for(report));
        auto const& offsets = report.endpoints[0].offsets;
        CHECK(offsets.aborted == 2);
        CHECK(offsets.unwritten == 1);
        CHECK(offsets.tombstones + offsets.gaps == 4);
        CHECK(offsets.unexplained == 0);
    }
}

TEST_CASE("an event that is missing is found among offsets that hold none", "[endpoints]") {
    auto cluster = in_transactions();
    for (auto const& report : by_counts_and_by_ids(cluster, 5)) CHECK_FALSE(all_accounted_for(report));
    CHECK(by_counts_and_by_ids(cluster, 5)[1].missing.events == 1);
}

TEST_CASE("a gap that a group passed over where a message is stays unexplained", "[endpoints]") {
    auto cluster = in_transactions();
    // It did not read offset 9, and took it for a gap.
    cluster.groups["index"].positions = {{.partition = 0,
                                          .committed = 10,
                                          .counted_from = 0,
                                          .counts = {.in = 5, .indexed = 5},
                                          .passed = {.tombstones = 1, .gaps = 4, .expired = 0}}};
    for (auto const& report : by_counts_and_by_ids(cluster, 5)) {
        CHECK_FALSE(all_accounted_for(report));
        CHECK(report.unexplained() == 1);
        CHECK(to_text(report).contains("unexplained: kafka in: 1 offsets"));
        CHECK(to_json(report).contains(R"("unexplained":1)"));
    }
}

TEST_CASE("gaps that have expired since are as the group has counted them", "[endpoints]") {
    auto cluster = in_transactions();
    cluster.topics["in"].expired = 6;
    cluster.groups["index"].positions = {{.partition = 0,
                                          .committed = 10,
                                          .counted_from = 0,
                                          .counts = {.in = 6, .indexed = 6},
                                          .passed = {.tombstones = 1, .gaps = 3, .expired = 0}}};
    for (auto const& report : by_counts_and_by_ids(cluster)) {
        CHECK(all_accounted_for(report));
        CHECK(report.endpoints[0].offsets.unexplained == 0);
        CHECK(report.expired() == 0);  // they were read
    }
}

TEST_CASE("what expired before it was read is a failure until it is accepted", "[endpoints]") {
    auto cluster = in_transactions();
    cluster.topics["in"].expired = 3;
    SECTION("and the group knows") {
        cluster.groups["index"].positions = {{.partition = 0,
                                              .committed = 10,
                                              .counted_from = 0,
                                              .counts = {.in = 3, .indexed = 3},
                                              .passed = {.tombstones = 1, .gaps = 3, .expired = 3}}};
        auto const reports = by_counts_and_by_ids(cluster, 3);
        for (auto const& report : reports) CHECK(report.expired() == 3);
        CHECK(reports[0].differences.empty());
        CHECK_FALSE(all_accounted_for(reports[0]));
        CHECK(to_text(reports[0])
                  .contains("expired: kafka in: 3 offsets were gone before they were read; give --accept-expired"));
        CHECK(all_accounted_for(by_counts_and_by_ids(cluster, 3, {.accept_expired = true})[0]));
    }
    SECTION("and the group has yet to learn") {
        cluster.groups["index"].positions = {
            {.partition = 0, .committed = 1, .counted_from = 0, .counts = {.in = 1, .indexed = 1}}};
        auto const reports = by_counts_and_by_ids(cluster, 1);
        CHECK(reports[0].expired() == 2);
        CHECK(reports[0].differences.empty());
        CHECK_FALSE(all_accounted_for(reports[0]));
        CHECK(all_accounted_for(by_counts_and_by_ids(cluster, 1, {.accept_expired = true})[0]));
    }
}

TEST_CASE("dead letters that were rejected before any topic are not part of an input's sum", "[endpoints]") {
    memory_kafka cluster;
    for (auto const stage : {"forward", "normalize"})
        cluster.add("in.dlq", key_of(stage == std::string_view{"forward"} ? 1 : 2),
                    std::string{R"({"stage":")"} + stage + R"(","reason":"bad","record":"x"})", 1000);
    auto const endpoint = audit_letters("kafka in.dlq", make_kafka_letters(cluster, "in.dlq"));
    auto const facts = endpoint->snapshot();
    REQUIRE(facts.has_value());
    CHECK(facts->total == 1);
    CHECK(facts->visible == 2);
}
