#include "kept_run_id.hpp"

#include "core/disk_reserve.hpp"
#include "support/catch.hpp"
#include "world/faulty_files.hpp"

#include "lines/lines.hpp"

using namespace logpipe;
using namespace logpipe::cli;
using namespace logpipe::lines;
using namespace logpipe::sim;

TEST_CASE("a run id is taken up after a power cut, and not after a run that came to its end", "[run]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        faulty_files files{seed};
        REQUIRE(make_lasting_folder(files, "data"));
        auto const first = kept_run_id{files, "data/run-id"}.take().value();
        CHECK(run_time_ns(first) != 0);
        files.power_off();
        files.power_on();
        kept_run_id second{files, "data/run-id"};
        REQUIRE(second.take().value() == first);
        REQUIRE(second.forget());
        files.power_off();
        files.power_on();
        REQUIRE(kept_run_id(files, "data/run-id").take().value() != first);
    }
}

TEST_CASE("a run id that cannot be stored or read is an error, not a run without one", "[run]") {
    for (auto const which : {file_operation::write, file_operation::sync, file_operation::rename,
                             file_operation::sync_folder, file_operation::open}) {
        faulty_files files;
        REQUIRE(make_lasting_folder(files, "data"));
        files.fail(which);
        CHECK(kept_run_id(files, "data/run-id").take().error().code == errc::storage_failed);
    }
}

TEST_CASE("a run id is kept on a full disk where a topic has a reserve", "[run]") {
    faulty_files files;
    REQUIRE(make_lasting_folder(files, "data/topic"));
    disk_reserve reserve{files, "data/topic"};
    reserve.tend(files.space("data").value());
    files.set_room(0);
    auto const taken = kept_run_id(files, "data/run-id").take();
    REQUIRE(taken.has_value());
    CHECK(files.contents("data/run-id") == *taken + "\n");
}

TEST_CASE("a file that holds no run id is replaced", "[run]") {
    faulty_files files;
    for (auto const* text : {"", "\n", "nonsense\n"}) {
        files.set_contents("data/run-id", text);
        auto const taken = kept_run_id{files, "data/run-id"}.take();
        REQUIRE(taken.has_value());
        CHECK(run_time_ns(*taken) != 0);
        CHECK(files.contents("data/run-id") == *taken + "\n");
    }
}
