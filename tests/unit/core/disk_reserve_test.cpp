#include "core/disk_reserve.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "world/faulty_files.hpp"

using namespace logpipe;
using namespace logpipe::sim;
using namespace logpipe::test;

TEST_CASE("a reserve takes room, gives it up for what must be written, and is made again", "[reserve]") {
    faulty_files files;
    REQUIRE(make_lasting_folder(files, "data/topic"));
    files.set_space(std::uint64_t{8} << 20U);
    disk_reserve kept{files, "data/topic"};
    kept.tend(files.space("data").value());
    REQUIRE(kept.bytes() == std::uint64_t{64} << 10U);
    files.set_contents("data/filler", std::string(files.space("data")->available_bytes, 'x'));
    auto const stored = with_reserve(files, "data", [&] { return store_file(files, "data/small", "text"); });
    REQUIRE(stored);
    REQUIRE(files.contents("data/small") == "text");
    kept.tend(files.space("data").value());
    REQUIRE(kept.bytes() == 0);
    REQUIRE(kept.given_up() == 1);
    // What it gave up itself is no sign that there is room.
    kept.tend(files.space("data").value());
    REQUIRE(kept.bytes() == 0);
    REQUIRE(files.remove("data/filler"));
    kept.tend(files.space("data").value());
    REQUIRE(kept.bytes() == std::uint64_t{64} << 10U);
    REQUIRE(kept.given_up() == 1);
}

TEST_CASE("what fails for another reason than a full disk leaves the reserve", "[reserve]") {
    faulty_files files;
    REQUIRE(make_lasting_folder(files, "data/topic"));
    disk_reserve kept{files, "data/topic"};
    kept.tend(files.space("data").value());
    files.fail(file_operation::write);
    REQUIRE(with_reserve(files, "data", [&] { return store_file(files, "data/small", "text"); }).error().code ==
            errc::storage_failed);
    REQUIRE(files.contents("data/topic/reserve").size() == disk_reserve::bytes_max);
}

TEST_CASE("a reserve on a real disk is there, and room for it is taken", "[reserve]") {
    scratch_folder const folder;
    REQUIRE(system_files().make_folder(folder.path("topic")));
    disk_reserve kept{system_files(), folder.path("topic")};
    kept.tend({.total_bytes = std::uint64_t{1} << 40U, .available_bytes = std::uint64_t{1} << 40U});
    REQUIRE(kept.bytes() == disk_reserve::bytes_max);
    REQUIRE(release_reserves(system_files(), folder.path("")) == disk_reserve::bytes_max);
    REQUIRE(read_file(system_files(), folder.path("topic/reserve"), 0).has_value());
}
