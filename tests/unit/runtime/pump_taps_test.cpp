#include "pump_taps.hpp"

#include "support/catch.hpp"
#include "support/memory_ends.hpp"

using namespace logpipe;
using namespace logpipe::runtime;
using namespace logpipe::test;

namespace {

batch some_events(std::size_t count, std::string_view record = "{}") {
    batch events;
    events.origin = "memory";
    for (std::size_t i = 0; i < count; ++i) events.append(events.tag_index("app.x"), {}, 0, record).offset = i;
    return events;
}

/// The stages that names are looked up in; nothing runs.
struct rig {
    memory_source from;
    memory_sink to{{.stored = {}, .refuse = {}}};
    pump_stages stages{.from = borrow<source>(from), .change = nullptr, .to = borrow<sink>(to), .dead = nullptr};
    pump_taps taps{process_memory()};  // which readers that outlive it still see
};

}  // namespace

TEST_CASE("whoever looks sees each event as it leaves the stage, with all that is known of it", "[taps]") {
    rig test;
    auto const reader = test.taps.add(test.stages, "index", "index", 1);
    REQUIRE(reader);
    auto events = some_events(2, R"({"a":1})");
    events.reject(1, "sink", "it is bad");
    test.taps.show(tap_point::source, events);
    CHECK(reader->take().empty());
    test.taps.show(tap_point::sink, events);
    auto const seen = reader->take();
    REQUIRE(seen.size() == 2);
    CHECK(seen[0].where == "index/" + test.to.status().name);
    CHECK(seen[0].payload == R"({"a":1})");
    CHECK(seen[0].tag == "app.x");
    CHECK(seen[0].origin == "memory offset 0");
    CHECK(seen[0].rejected.empty());
    CHECK(seen[1].rejected == "it is bad");
    CHECK(reader->take().empty());
}

TEST_CASE("a stage that the pump does not have cannot be tapped", "[taps]") {
    rig test;
    CHECK_FALSE(test.taps.add(test.stages, "index", "normalize", 1));
    CHECK(test.taps.add(test.stages, "index", test.from.status().name, 1));
}

TEST_CASE("a sample is every Nth event, across batches", "[taps]") {
    rig test;
    auto const reader = test.taps.add(test.stages, "index", "index", 3);
    std::vector<std::string> origins;
    for (int round = 0; round < 3; ++round) test.taps.show(tap_point::sink, some_events(4));
    for (auto const& each : reader->take()) origins.push_back(each.origin);
    // 0 1 2 3 | 0 1 2 3 | 0 1 2 3: the 1st, 4th, 7th and 10th of them.
    CHECK(origins ==
          std::vector<std::string>{"memory offset 0", "memory offset 3", "memory offset 2", "memory offset 1"});
    CHECK(reader->counts().seen == 12);
    CHECK(reader->counts().dropped == 0);
}

TEST_CASE("what does not fit is dropped and counted, and room is there again after take()", "[taps]") {
    rig test;
    auto const reader = test.taps.add(test.stages, "index", "index", 1);
    test.taps.show(tap_point::sink, some_events(tap_reader::events_max + 100));
    CHECK(reader->counts().dropped == 100);
    CHECK(reader->take().size() == tap_reader::events_max);
    test.taps.show(tap_point::sink, some_events(1, std::string(tap_reader::bytes_max, 'x')));
    CHECK(reader->take().size() == 1);
    test.taps.show(tap_point::sink, some_events(2, std::string(tap_reader::bytes_max / 2 + 1, 'x')));
    CHECK(reader->take().size() == 1);
    CHECK(reader->counts().dropped == 101);
    CHECK(reader->counts().seen == tap_reader::events_max + 103);
}

TEST_CASE("two who look do not take from each other, and either may outlive the pump", "[taps]") {
    std::unique_ptr<tap_reader> left_over;
    {
        rig test;
        left_over = test.taps.add(test.stages, "index", "index", 1);
        auto const other = test.taps.add(test.stages, "index", "index", 2);
        test.taps.show(tap_point::sink, some_events(4));
        CHECK(other->take().size() == 2);
    }
    CHECK(left_over->take().size() == 4);
}
