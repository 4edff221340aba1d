#include "audit/audit.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::audit;

namespace {

event_id id_of(std::uint64_t number) {
    return {.high = 1, .low = number};
}

/// Holds what a test says.
class memory_place final : public audited_endpoint {
  public:
    memory_place(std::string name, endpoint_kind kind, std::vector<sighting> seen, std::vector<std::string> unseen = {},
                 std::uint64_t dropped = 0)
        : name_{std::move(name)}, kind_{kind}, seen_{std::move(seen)} {
        facts_.total = facts_.visible = seen_.size();
        for (auto const& each : seen_)
            if (each.is_in_flight) ++facts_.in_flight;
        facts_.unseen = std::move(unseen);
        facts_.dropped = dropped;
    }
    std::string const& name() const override { return name_; }
    endpoint_kind kind() const override { return kind_; }
    result<endpoint_facts> snapshot() override { return facts_; }
    result<> scan(std::function<result<>(sighting const&)> const& each) override {
        for (auto const& seen : seen_)
            if (auto handled = each(seen); !handled) return handled;
        return {};
    }

  private:
    std::string const name_;
    endpoint_kind const kind_;
    std::vector<sighting> const seen_;
    endpoint_facts facts_;
};

using sightings = std::vector<audited_endpoint::sighting>;

sightings ids(std::vector<std::uint64_t> const& numbers, bool in_flight = false) {
    sightings all;
    for (auto const each : numbers) all.push_back({.id = id_of(each), .is_in_flight = in_flight});
    return all;
}

sightings letters(std::vector<std::pair<std::uint64_t, std::uint64_t>> const& numbers) {
    sightings all;
    for (auto const& [number, letter] : numbers)
        all.push_back({.id = id_of(number), .is_in_flight = false, .letter = letter});
    return all;
}

std::unique_ptr<audited_endpoint> input(sightings seen, std::vector<std::string> unseen = {}) {
    return std::make_unique<memory_place>("in", endpoint_kind::input, std::move(seen), std::move(unseen));
}
std::unique_ptr<audited_endpoint> input_with_rule(sightings seen, std::uint64_t dropped) {
    return std::make_unique<memory_place>("in", endpoint_kind::input, std::move(seen), std::vector<std::string>{},
                                          dropped);
}
std::unique_ptr<audited_endpoint> dead(sightings seen) {
    return std::make_unique<memory_place>("in.dlq", endpoint_kind::dead_letters, std::move(seen));
}
std::unique_ptr<audited_endpoint> store_with(sightings seen) {
    return std::make_unique<memory_place>("store", endpoint_kind::store, std::move(seen));
}

template <class... Places>
audit_report audited(std::size_t named_max, Places... endpoints) {
    std::vector<std::unique_ptr<audited_endpoint>> all;
    (all.push_back(std::move(endpoints)), ...);
    auto report = audit_by_ids(all, {.memory_bytes = 1, .named_max = named_max});
    REQUIRE(report.has_value());
    return *std::move(report);
}

template <class... Places>
audit_report counted(Places... endpoints) {
    std::vector<std::unique_ptr<audited_endpoint>> all;
    (all.push_back(std::move(endpoints)), ...);
    auto report = audit_by_counts(all, {});
    REQUIRE(report.has_value());
    return *std::move(report);
}

}  // namespace

TEST_CASE("every id in the store or dead is all accounted for; duplicates in an input are fine", "[verify]") {
    auto const report = audited(5, input(ids({1, 2, 3, 2})), dead(letters({{3, 20}})), store_with(ids({1, 2})));
    CHECK(all_accounted_for(report));
    CHECK(report.ids == 3);
    CHECK(report.endpoints[0].ids == 3);
    CHECK(report.endpoints[0].repeats == 1);
    CHECK(report.endpoints[1].ids == 1);
    CHECK(to_text(report).contains("all 3 ids are accounted for\n"));
    CHECK(to_json(report).contains(R"("accounted_for":true)"));
}

TEST_CASE("what is nowhere is missing, and named with where it was", "[verify]") {
    auto const report = audited(1, input(ids({1, 2, 3})), store_with(ids({2})));
    CHECK_FALSE(all_accounted_for(report));
    CHECK(report.missing.events == 2);
    REQUIRE(report.missing.first.size() == 1);
    CHECK(report.missing.first[0].id == id_of(1));
    CHECK(report.missing.first[0].endpoint == "in");
    auto const text = to_text(report);
    CHECK(text.contains(id_of(1).text()));
    CHECK(text.contains("… and 1 more"));
}

TEST_CASE("what a rule dropped is accounted for by number, and no more than that", "[verify]") {
    auto const report = audited(5, input_with_rule(ids({1, 2, 3}), 2), store_with(ids({2})));
    CHECK(all_accounted_for(report));
    CHECK(to_text(report).contains("dropped by a rule: 2\nall 3 ids"));
    auto const less = audited(5, input_with_rule(ids({1, 2, 3}), 1), store_with(ids({2})));
    CHECK_FALSE(all_accounted_for(less));
    CHECK(to_text(less).contains("missing 2"));
    CHECK(to_text(less).contains("dropped by a rule: 1; which of those missing they are is not known\n"));
    CHECK(all_accounted_for(counted(input_with_rule(ids({1, 2, 3}), 2), store_with(ids({2})))));
    CHECK_FALSE(all_accounted_for(counted(input_with_rule(ids({1, 2, 3}), 1), store_with(ids({2})))));
}

TEST_CASE("a dead letter that was resolved accounts for nothing", "[verify]") {
    CHECK(audited(5, input(ids({1})), dead(letters({{1, 20}, {1, 21}})), store_with({})).missing.events == 1);
    CHECK(audited(5, input(ids({1})), dead(letters({{1, 20}, {1, 21}, {1, 22}})), store_with({})).missing.events == 0);
}

TEST_CASE("what is on its way in any input is not missing", "[verify]") {
    auto downstream = ids({1});
    downstream.push_back({.id = id_of(2), .is_in_flight = true});
    auto const report = audited(5, input(ids({1, 2})), input(downstream), store_with(ids({1})));
    CHECK(all_accounted_for(report));
    CHECK(report.in_flight == 1);
}

TEST_CASE("what is in a store and a dead letter, or in a store twice, is doubled", "[verify]") {
    auto const both = audited(5, input(ids({1, 2})), dead(letters({{2, 20}})), store_with(ids({1, 2})));
    CHECK(both.doubled.events == 1);
    CHECK(both.doubled.first[0].id == id_of(2));
    CHECK_FALSE(all_accounted_for(both));
    CHECK(audited(5, input(ids({1})), store_with(ids({1, 1}))).doubled.events == 1);
}

TEST_CASE("what no input has is strange, unless an input can't be read whole", "[verify]") {
    CHECK(audited(5, input(ids({1})), store_with(ids({1, 2}))).strange.events == 1);
    auto const partly = audited(5, input(ids({1}), {"offsets 0 to 6 are freed"}), store_with(ids({1, 2})));
    CHECK(all_accounted_for(partly));
    CHECK(to_text(partly).contains("not seen: in: offsets 0 to 6 are freed\n"));
}

TEST_CASE("an input that fails is named", "[verify]") {
    class broken final : public audited_endpoint {
      public:
        std::string const& name() const override { return name_; }
        endpoint_kind kind() const override { return endpoint_kind::input; }
        result<endpoint_facts> snapshot() override { return error{errc::not_connected, "refused"}; }
        result<> scan(std::function<result<>(sighting const&)> const&) override { return {}; }

      private:
        std::string const name_ = "kafka nginx-logs";
    };
    std::vector<std::unique_ptr<audited_endpoint>> all;
    all.push_back(std::make_unique<broken>());
    auto const report = audit_by_ids(all, {});
    REQUIRE_FALSE(report.has_value());
    CHECK(report.error().message == "kafka nginx-logs: refused");
    CHECK_FALSE(audit_by_counts(all, {}).has_value());
}

TEST_CASE("by numbers each input comes out at what is further down", "[verify]") {
    // 10 came in, 1 was bad; of 9 documents 1 was refused by the store, and 2 are to come.
    auto const logs = [] { return input(ids({0, 1, 2, 3, 4, 5, 6, 7, 8, 9})); };
    auto const events = [] {
        auto seen = ids({0, 1, 2, 3, 4, 5, 6});
        auto const way = ids({7, 8}, true);
        seen.insert(seen.end(), way.begin(), way.end());
        return input(seen);
    };
    auto const one_letter = [] { return dead(letters({{9, 20}})); };
    CHECK(
        all_accounted_for(counted(logs(), one_letter(), events(), one_letter(), store_with(ids({0, 1, 2, 3, 4, 5})))));
    auto const less = counted(logs(), one_letter(), events(), one_letter(), store_with(ids({0, 1, 2, 3, 4})));
    REQUIRE(less.differences.size() == 2);
    CHECK(less.differences[0].contains("1 events more"));
    auto const more = counted(logs(), one_letter(), events(), store_with(ids({0, 1, 2, 3, 4, 5, 6, 7})));
    CHECK_FALSE(all_accounted_for(more));
    CHECK(to_text(more).contains("fewer"));
}
