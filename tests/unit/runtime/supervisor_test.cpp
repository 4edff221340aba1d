// The supervisor as a state machine: pumps that do as the test says, and a time that it owns.
#include "runtime/supervisor.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::runtime;
using namespace std::chrono_literals;

namespace {

struct pump_state {
    bool started = false;
    bool stopped = false;
    bool abandoned = false;
    bool ends_are_open = true;
    bool finished = false;
    std::optional<error> failure;
};

class told_pump final : public pump {
  public:
    told_pump(std::string name, pump_state& state, std::vector<std::string>& story)
        : name_{std::move(name)}, state_{state}, story_{story} {}

    void start() override {
        state_.started = true;
        story_.push_back("start " + name_);
    }
    void stop() override {
        state_.stopped = true;
        story_.push_back("stop " + name_);
    }
    bool wait_until(steady_time /*until*/) override { return state_.finished; }
    void abandon() override {
        state_.abandoned = true;
        story_.push_back("abandon " + name_);
    }
    std::optional<error> failure() const override { return state_.failure; }
    pump_snapshot snapshot() const override {
        return {.name = name_,
                .finished = state_.finished,
                .source_known = true,
                .started = state_.started && state_.ends_are_open,
                .stages = {{.name = "memory_source"}, {.name = "memory_sink"}}};
    }
    std::unique_ptr<tap_reader> tap(std::string_view /*stage*/, std::uint64_t /*sample*/) override { return nullptr; }

  private:
    std::string const name_;
    pump_state& state_;
    std::vector<std::string>& story_;
};

struct rig {
    explicit rig(std::vector<std::string> const& names, std::vector<std::string> const& first = {}) {
        states.resize(names.size());
        std::vector<supervised_pump> pumps;
        for (std::size_t i = 0; i < names.size(); ++i)
            pumps.push_back(
                {.moving = std::make_unique<told_pump>(names[i], states[i], story),
                 .ends = {.source_title = "From", .source_target = "a:", .sink_title = "To", .sink_target = "b:"},
                 .opens_first = std::ranges::find(first, names[i]) != first.end()});
        environment world;
        world.steady = [this] { return now; };
        whole.emplace("test", std::move(pumps),
                      supervisor::options{.drain_time = 30s, .drain_time_text = "30s", .world = world});
    }
    supervisor_state step(bool stop = false) { return whole->step(stop); }
    supervisor_state step_until(supervisor_state wanted) {
        auto state = step();
        for (int i = 0; i < 10 && state != wanted; ++i) state = step();
        return state;
    }

    steady_time now{1h};
    std::vector<pump_state> states;
    std::vector<std::string> story;
    std::optional<supervisor> whole;
};

using story = std::vector<std::string>;

}  // namespace

TEST_CASE("hops start against the direction of the data, and drain with it", "[supervisor]") {
    rig test{{"in", "middle", "out"}};
    CHECK(test.step() == supervisor_state::running);
    CHECK(test.story == story{"start out", "start middle", "start in"});
    test.story.clear();
    CHECK(test.step(true) == supervisor_state::stopping);
    CHECK(test.story.empty());
    CHECK(test.step() == supervisor_state::draining);
    CHECK(test.story == story{"stop in"});
    CHECK(test.step() == supervisor_state::draining);
    test.states[0].finished = true;
    CHECK(test.step() == supervisor_state::draining);
    CHECK(test.story == story{"stop in", "stop middle"});
    test.states[1].finished = test.states[2].finished = true;
    CHECK(test.step() == supervisor_state::ended);
    CHECK(test.story == story{"stop in", "stop middle", "stop out"});
    CHECK(test.whole->drained());
}

TEST_CASE("a hop that opens first is open before the next one starts", "[supervisor]") {
    rig test{{"in", "out"}, {"out"}};
    test.states[1].ends_are_open = false;
    CHECK(test.step() == supervisor_state::starting);
    CHECK(test.step() == supervisor_state::starting);
    CHECK(test.story == story{"start out"});
    SECTION("it opens") {
        test.states[1].ends_are_open = true;
        CHECK(test.step() == supervisor_state::running);
        CHECK(test.story == story{"start out", "start in"});
    }
    SECTION("it ends before it is open: the others start, and the end is theirs to say") {
        test.states[1].finished = true;
        CHECK(test.step() == supervisor_state::running);
    }
    SECTION("a stop in between drains what was started alone") {
        CHECK(test.step(true) == supervisor_state::stopping);
        test.states[1].finished = true;
        CHECK(test.step_until(supervisor_state::ended) == supervisor_state::ended);
        CHECK(test.story == story{"start out", "stop out"});
    }
}

TEST_CASE("a pipeline ends when all hops have, when one fails for good, or when it is told to", "[supervisor]") {
    rig test{{"in", "out"}};
    REQUIRE(test.step() == supervisor_state::running);
    SECTION("one alone is not the end") {
        test.states[0].finished = true;
        CHECK(test.step() == supervisor_state::running);
        test.states[1].finished = true;
        CHECK(test.step() == supervisor_state::stopping);
    }
    SECTION("a failure") {
        test.states[1].failure = error{errc::corrupt, "the store is damaged"};
        CHECK(test.step() == supervisor_state::stopping);
        CHECK(test.whole->failure()->message == "the store is damaged");
    }
    SECTION("by request") {
        test.whole->end_now();
        CHECK(test.step() == supervisor_state::stopping);
        CHECK_FALSE(test.whole->failure());
    }
}

TEST_CASE("a drain that takes too long, or a second signal, gives up what is left", "[supervisor]") {
    rig test{{"in", "out"}};
    REQUIRE(test.step() == supervisor_state::running);
    REQUIRE(test.step(true) == supervisor_state::stopping);
    REQUIRE(test.step() == supervisor_state::draining);
    if (GENERATE(true, false)) {
        test.now += 31s;
        CHECK(test.step() == supervisor_state::draining);
    } else {  // a signal within the first second is the same one
        test.now += 900ms;
        CHECK(test.step(true) == supervisor_state::draining);
        CHECK_FALSE(test.states[0].abandoned);
        test.now += 200ms;
        CHECK(test.step(true) == supervisor_state::draining);
    }
    CHECK(test.states[0].abandoned);
    CHECK_FALSE(test.whole->drained());
    SECTION("an abandoned hop that ends makes way for the next") {
        test.states[0].finished = test.states[1].finished = true;
        CHECK(test.step_until(supervisor_state::ended) == supervisor_state::ended);
    }
    SECTION("so does one that does not end at all") {
        test.states[1].finished = true;
        test.now += 11s;
        CHECK(test.step_until(supervisor_state::ended) == supervisor_state::ended);
    }
}

TEST_CASE("a pump that was cancelled did not drain", "[supervisor]") {
    rig test{{"in"}};
    REQUIRE(test.step() == supervisor_state::running);
    test.states[0].failure = error{errc::cancelled, "given up"};
    test.states[0].finished = true;
    CHECK(test.step_until(supervisor_state::ended) == supervisor_state::ended);
    CHECK_FALSE(test.whole->drained());
    CHECK_FALSE(test.whole->failure());
}

TEST_CASE("snapshots name the ends of each hop, and a wrong stage gets the nearest one", "[supervisor]") {
    rig test{{"in"}};
    auto const seen = test.whole->pumps();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].stages.front().title == "From");
    CHECK(seen[0].stages.back().target == "b:");
    CHECK_THAT(test.whole->open_tap("memory_snk", 1).error().message,
               ContainsSubstring("unknown stage \"memory_snk\"; did you mean \"memory_sink\"? available: "
                                 "in/memory_source, in/memory_sink"));
}
