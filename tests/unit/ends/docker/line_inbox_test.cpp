#include "line_inbox.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::docker;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t unsafe_bytes_max = std::size_t{1} << 20U;

void add(line_inbox& inbox, std::uint32_t partition, std::int64_t time_ns, std::string_view text, bool ended = true) {
    inbox.add(partition, "web", {.stream = log_stream::out, .time_ns = time_ns, .text = text, .ended = ended}, text);
}

batch take(line_inbox& inbox) {
    batch into;
    bool made_room = false;
    REQUIRE(inbox.take(into, std::chrono::steady_clock::now() + 10s, made_room) == line_inbox::taken::events);
    CHECK(made_room);
    return into;
}

bool commit(line_inbox& inbox, batch const& of) {
    progress const safe{.safe = {.partition = of.partition, .offset = of.end_offset}, .counts = {}};
    return inbox.commit({&safe, 1});
}

}  // namespace

TEST_CASE("containers take turns, however much one of them has", "[line_inbox]") {
    line_inbox inbox{1U << 20U, unsafe_bytes_max};
    auto const loud = inbox.join("aa");
    auto const quiet = inbox.join("bb");
    CHECK(inbox.join("aa") == loud);
    add(inbox, loud, 1, "one");
    add(inbox, quiet, 1, "two");
    auto const first = take(inbox);
    add(inbox, first.partition, 2, "three");
    CHECK(take(inbox).partition != first.partition);
    CHECK(take(inbox).partition == first.partition);
}

TEST_CASE("a position is safe when its batch is, and not before", "[line_inbox]") {
    line_inbox inbox{1U << 20U, unsafe_bytes_max};
    auto const at = inbox.join("aa");
    add(inbox, at, 1, "one");
    auto const first = take(inbox);
    add(inbox, at, 2, "two");
    add(inbox, at, 2, "three");
    auto const second = take(inbox);
    CHECK(second.end_offset == 3);
    CHECK(inbox.safe_positions().empty());
    CHECK(commit(inbox, first));
    CHECK(inbox.safe_positions().at("aa").streams[0] == stream_position{.time_ns = 1, .count = 1});
    CHECK_FALSE(commit(inbox, first));
    CHECK(commit(inbox, second));
    CHECK(inbox.safe_positions().at("aa").streams[0] == stream_position{.time_ns = 2, .count = 2});
    CHECK(inbox.position_of(at) == inbox.safe_positions().at("aa"));
}

TEST_CASE("a line that may still grow does not move the position", "[line_inbox]") {
    line_inbox inbox{1U << 20U, unsafe_bytes_max};
    auto const at = inbox.join("aa");
    add(inbox, at, 1, "one");
    add(inbox, at, 2, "half", false);
    CHECK(commit(inbox, take(inbox)));
    CHECK(inbox.safe_positions().at("aa").streams[0].time_ns == 1);
}

TEST_CASE("restored positions stay until the engine says that a container is gone", "[line_inbox]") {
    line_inbox inbox{1U << 20U, unsafe_bytes_max};
    container_position position;
    position.pass(log_stream::out, 5);
    inbox.restore({{"aa", position}, {"bb", position}, {"cc", position}});
    std::vector<std::string> const listed{"aa", "bb"};
    inbox.keep_only(listed);
    CHECK(inbox.safe_positions().size() == 2);
    auto const at = inbox.join("aa");
    CHECK(inbox.position_of(at) == position);
    add(inbox, at, 6, "last words");
    inbox.forget("aa");
    inbox.forget("bb");
    auto const words = take(inbox);
    inbox.leave(at);
    CHECK(inbox.safe_positions().contains("aa"));  // not all of it is safe yet
    CHECK(commit(inbox, words));
    CHECK(inbox.safe_positions().empty());
    CHECK_FALSE(commit(inbox, words));  // too late, and ignored
    CHECK(inbox.join("aa") != at);
}

TEST_CASE("a full inbox says so, and has room again once a batch is taken", "[line_inbox]") {
    line_inbox inbox{64, unsafe_bytes_max};
    auto const at = inbox.join("aa");
    CHECK(inbox.has_room(at));
    add(inbox, at, 1, std::string(64, 'x'));
    CHECK_FALSE(inbox.has_room(at));
    static_cast<void>(take(inbox));
    CHECK(inbox.has_room(at));
}

TEST_CASE("a closed inbox gives what it has, then its end", "[line_inbox]") {
    line_inbox inbox{64, unsafe_bytes_max};
    add(inbox, inbox.join("aa"), 1, "one");
    inbox.close();
    static_cast<void>(take(inbox));
    batch into;
    bool made_room = false;
    CHECK(inbox.take(into, std::chrono::steady_clock::now() + 10s, made_room) == line_inbox::taken::closed_and_empty);
}

TEST_CASE("a container whose lines are not made safe leaves room for the others", "[line_inbox]") {
    line_inbox inbox{1U << 20U, 1000};
    std::string const text(100, 'x');
    auto const fill = [&](std::uint32_t partition) {
        std::vector<batch> taken;
        for (; inbox.has_room(partition); taken.push_back(take(inbox))) add(inbox, partition, 1, text);
        return taken;
    };
    auto const throttled = inbox.join("aa");
    auto const first = fill(throttled);
    CHECK(first.size() == 5);  // as much as it leaves
    auto const also_throttled = inbox.join("bb");
    CHECK(fill(also_throttled).size() == 3);
    auto const well = inbox.join("cc");
    for (auto i = 0; i < 10; ++i) {
        REQUIRE(inbox.has_room(well));
        add(inbox, well, 1, text);
        CHECK(commit(inbox, take(inbox)));
    }
    CHECK(inbox.unsafe_bytes() == 800);
    CHECK_FALSE(inbox.has_room(throttled));
    for (auto const& each : first) CHECK(commit(inbox, each));
    CHECK(inbox.unsafe_bytes() == 300);
    CHECK(inbox.has_room(throttled));
}

TEST_CASE("a container with nothing on its way gives a piece however full it is", "[line_inbox]") {
    line_inbox inbox{1U << 20U, 10};
    auto const full = inbox.join("aa");
    add(inbox, full, 1, "more than there is room for");
    CHECK_FALSE(inbox.has_room(full));
    auto const other = inbox.join("bb");
    CHECK(inbox.has_room(other));
    add(inbox, other, 1, "one");
    CHECK_FALSE(inbox.has_room(other));
}
