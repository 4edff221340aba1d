#include "transfer.hpp"

#include "stall_timer.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <sys/stat.h>

using namespace logpipe;
using namespace logpipe::cli;
using namespace std::chrono_literals;

namespace {

settings produce_options(std::map<std::string, std::vector<std::string>, std::less<>> const& flags = {}) {
    auto options = settings::merge("produce", flags, {}, "");
    REQUIRE(options.has_value());
    return *std::move(options);
}

}  // namespace

TEST_CASE("a run gives up after a minute, but for input that cannot be read again", "[transfer]") {
    test::scratch_folder const folder;
    auto const pipe = folder.path("pipe");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    auto const options = produce_options();
    CHECK(give_up_after(options, pipe) == 0ms);
    CHECK(give_up_after(options, "file:" + pipe) == 0ms);
    CHECK(give_up_after(options, "/dev/zero") == 0ms);
    CHECK(give_up_after(options, folder.write("lines", "a\n")) == 60s);
    CHECK(give_up_after(options, folder.path("nothing")) == 60s);
    CHECK(give_up_after(options, "http://localhost/lines") == 60s);
    CHECK(give_up_after(options, "demo:nginx?lines=5") == 60s);
    auto const said = produce_options({{"give-up-after", {"5s"}}});
    CHECK(give_up_after(said, pipe) == 5s);
    CHECK(give_up_after(said, "demo:nginx") == 5s);
}

TEST_CASE("no time to give up after is no giving up", "[transfer]") {
    pump_snapshot now{.name = "produce", .stages = {{.name = "sink", .up = false}}};
    now.book = {.counts = {.in = 1}, .in_flight = 1};
    stall_timer endless{0ms};
    stall_timer short_one{1ms};
    // Until the other one has given up: the endless one had as much time.
    static_cast<void>(short_one.expired(now));
    while (!short_one.expired(now)) CHECK_FALSE(endless.expired(now));
    CHECK_FALSE(endless.expired(now));
}
