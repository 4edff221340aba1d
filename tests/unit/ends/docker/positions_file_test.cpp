#include "positions_file.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "world/faulty_files.hpp"

using namespace logpipe;
using namespace logpipe::docker;

namespace {

positions some() {
    positions what{.counts = {.in = 12, .indexed = 9, .duplicates = 2, .dead = 1}, .containers = {}};
    what.containers["0cf9"].streams[0] = {.time_ns = 1'795'556'131'128'553'500, .count = 3};
    what.containers["0cf9"].streams[1] = {.time_ns = 7, .count = 1};
    what.containers["ab"] = {};
    return what;
}

}  // namespace

TEST_CASE("positions are read as they were written", "[positions]") {
    CHECK(parse_positions(to_json(some())).value() == some());
    CHECK(parse_positions(to_json({})).value() == positions{});
}

TEST_CASE("positions are stored in a folder that is made for them", "[positions]") {
    test::scratch_folder const folder;
    auto const path = folder.path("deep/er/ship.json");
    CHECK(load_positions(system_files(), path).value() == positions{});
    REQUIRE(store_positions(system_files(), path, {}));
    REQUIRE(store_positions(system_files(), path, some()));
    CHECK(load_positions(system_files(), path).value() == some());
}

TEST_CASE("a damaged positions file is set aside, and the start succeeds", "[positions]") {
    test::scratch_folder const folder;
    for (auto const* text : {"", "{", "[]", R"({"version":1})", R"({"version":1,"counts":{},"containers":{}})",
                             R"({"version":1,"counts":{"in":0,"indexed":0,"already_there":0,"dead":0},
                                 "containers":{"a":{"stdout":[-1,0],"stderr":[0,0]}}})"}) {
        auto const path = folder.write("ship.json", text);
        CHECK(load_positions(system_files(), path).value() == positions{});
        CHECK(folder.read("ship.json.bad") == text);
        CHECK(folder.read("ship.json").empty());
    }
}

TEST_CASE("a positions file of a newer version is rejected", "[positions]") {
    test::scratch_folder const folder;
    auto const path = folder.write("ship.json", R"({"version":2})");
    auto const loaded = load_positions(system_files(), path);
    REQUIRE(loaded.has_error());
    CHECK(loaded.error().code == errc::invalid_argument);
    CHECK_THAT(loaded.error().message, ContainsSubstring("newer logpipe"));
}

TEST_CASE("positions that cannot be written are an error, and what was there stays", "[positions]") {
    test::scratch_folder const folder;
    auto const path = folder.path("file/ship.json");
    folder.write("file", "not a folder");
    CHECK(store_positions(system_files(), path, some()).has_error());
}

TEST_CASE("stored positions survive a power cut, in a folder that was made for them", "[positions]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        sim::faulty_files files{seed};
        REQUIRE(files.make_folder("var"));
        REQUIRE(store_positions(files, "var/lib/ship/ship.json", some()));
        files.power_off();
        files.power_on();
        REQUIRE(load_positions(files, "var/lib/ship/ship.json").value() == some());
    }
}
