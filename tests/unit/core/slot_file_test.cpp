#include "core/slot_file.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "world/faulty_files.hpp"

#include <random>

using namespace logpipe;
using namespace logpipe::sim;
using namespace logpipe::test;

TEST_CASE("a value is written over in place on a disk without room", "[slot_file]") {
    faulty_files files;
    REQUIRE(make_lasting_folder(files, "d"));
    slot_file kept{files, "d/value"};
    REQUIRE(kept.load().error().code == errc::not_found);
    REQUIRE(kept.store("first"));
    auto const bytes = files.contents("d/value").size();
    files.set_space(bytes);
    for (int i = 0; i < 10; ++i) {
        REQUIRE(kept.store(std::to_string(i)));
        REQUIRE(slot_file(files, "d/value").load() == std::to_string(i));
    }
    REQUIRE(files.contents("d/value").size() == bytes);
    REQUIRE(slot_file(files, "d/value").load().has_value());
}

TEST_CASE("a file that held one value as a whole is read, and turned over by the next store", "[slot_file]") {
    scratch_folder const folder;
    folder.write("value", "old\n");
    slot_file kept{system_files(), folder.path("value")};
    REQUIRE(kept.load() == "old\n");
    REQUIRE(kept.store("new"));
    REQUIRE(kept.store("newer"));
    REQUIRE(slot_file(system_files(), folder.path("value")).load() == "newer");
}

TEST_CASE("a small file without slots gets them within its block where the disk is full", "[slot_file]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        faulty_files files{seed};
        REQUIRE(make_lasting_folder(files, "d"));
        files.set_contents("d/value", "old");
        files.set_room(500);
        {
            slot_file kept{files, "d/value"};
            REQUIRE(kept.load() == "old");
            for (auto const* const value : {"one", "two", "three"}) REQUIRE(kept.store(value));
            REQUIRE(files.contents("d/value").size() < 500);
        }
        files.power_off();
        files.power_on();
        slot_file kept{files, "d/value"};
        REQUIRE(kept.load() == "three");
        files.set_room(100'000);
        REQUIRE(kept.store("four"));
        REQUIRE(files.contents("d/value").size() == 2 * slot_file::slot_bytes_min);
        REQUIRE(slot_file(files, "d/value").load() == "four");
    }
}

TEST_CASE("a value that outgrows its slots gets larger ones", "[slot_file]") {
    scratch_folder const folder;
    slot_file kept{system_files(), folder.path("value")};
    REQUIRE(kept.store("small"));
    std::string const large(10'000, 'x');
    REQUIRE(kept.store(large));
    REQUIRE(kept.load(100'000) == large);
    REQUIRE(kept.load().error().code == errc::too_large);
    REQUIRE(kept.load(100'000) == large);
    REQUIRE(kept.store("small"));
    REQUIRE(kept.load(100'000) == "small");
}

TEST_CASE("damage to one slot leaves the other's value, damage to both is said", "[slot_file]") {
    faulty_files files;
    REQUIRE(make_lasting_folder(files, "d"));
    slot_file kept{files, "d/value"};
    REQUIRE(kept.store("one"));
    REQUIRE(kept.store("two"));
    auto const whole = files.contents("d/value");
    auto const second = whole.find("two");
    auto damaged = whole;
    damaged[second] ^= 1;
    files.set_contents("d/value", damaged);
    REQUIRE(slot_file(files, "d/value").load() == "one");
    damaged[whole.find("one")] ^= 1;
    files.set_contents("d/value", damaged);
    REQUIRE(slot_file(files, "d/value").load().error().code == errc::corrupt);
}

TEST_CASE("after power cuts and failed syncs the value is the last that was stored, or a later try", "[slot_file]") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        INFO("seed " << seed);
        faulty_files files{seed};
        std::mt19937_64 random{seed};
        REQUIRE(make_lasting_folder(files, "d"));
        int stored = 0;
        REQUIRE(slot_file(files, "d/value").store("0"));
        int tried = 0;
        for (int life = 0; life < 5; ++life) {
            slot_file kept{files, "d/value"};
            auto const found = kept.load();
            REQUIRE(found.has_value());
            REQUIRE(std::stoi(*found) >= stored);
            REQUIRE(std::stoi(*found) <= tried);
            files.fail_at_random(0.3);
            for (auto steps = random() % 12; steps > 0; --steps)
                if (kept.store(std::to_string(++tried))) stored = tried;
            files.fail_at_random(0);
            files.power_off();
            if (random() % 2 == 0)
                files.power_on();
            else
                files.power_on_after_kill();
        }
    }
}

TEST_CASE("what was loaded is on disk after a sync, also where a store has failed to sync it", "[slot_file]") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        faulty_files files{seed};
        REQUIRE(make_lasting_folder(files, "d"));
        slot_file kept{files, "d/value"};
        REQUIRE(kept.store("first"));
        files.fail(file_operation::sync);
        REQUIRE_FALSE(kept.store("second"));
        slot_file other{files, "d/value"};
        REQUIRE(other.load() == "second");
        REQUIRE(other.sync());
        files.power_off();
        files.power_on();
        REQUIRE(slot_file(files, "d/value").load() == "second");
    }
}
