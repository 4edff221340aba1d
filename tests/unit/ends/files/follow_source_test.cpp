#include "follower.hpp"

#include <filesystem>

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("a followed file gives what is there and what comes, and a line that has not ended waits", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 3) + "half");
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(3) == lines_of(numbered(0, 3)));
    REQUIRE(follows.more() == 0);
    append(path, " a line\n" + numbered(3, 2));
    REQUIRE(follows.read(3) == lines_of("half a line\n" + numbered(3, 2)));
    REQUIRE(follows.origins == std::set<std::string>{"file " + path});
    REQUIRE(follows.ids.size() == 6);
}

TEST_CASE("a file that is read on from its position repeats the ids of what was not committed", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 20'000));
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(10'000).size() >= 10'000);
    follows.commit_all();
    auto const rest = follows.read(10'000);
    REQUIRE(follows.ids.size() == 20'000);
    // However the second run cuts it.
    append(path, numbered(20'000, 7));
    follows.kill_and_start();
    auto const repeated = follows.read(rest.size() + 7);
    REQUIRE(repeated.size() == rest.size() + 7);
    REQUIRE(follows.ids.size() == 20'007);
    REQUIRE(follows.each_id_is_one_line());
    follows.commit_all();
    follows.kill_and_start();
    REQUIRE(follows.more() == 0);
}

TEST_CASE("ids are equal whether a file is read at once or as it grows", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 5));
    follower follows{folder, "access.log"};
    for (int i = 5; i < 50; i += 5) {
        REQUIRE(follows.read(5).size() == 5);
        append(path, numbered(i, 5));
    }
    REQUIRE(follows.read(5).size() == 5);
    follows.kill_and_start();
    REQUIRE(follows.read(50).size() == 50);
    REQUIRE(follows.ids.size() == 50);
    REQUIRE(follows.each_id_is_one_line());
}

TEST_CASE("files that appear later are found, by name and by pattern, in folders that appear later", "[follow]") {
    scratch_folder const folder;
    follower follows{folder, "logs/*/acc[ei]ss*.log"};
    REQUIRE(!follows.failure);
    REQUIRE(follows.more() == 0);
    REQUIRE_THAT(follows.from().status().reason, ContainsSubstring("no file is"));
    fs::create_directories(folder.path("logs/one"));
    folder.write("logs/one/access.log", numbered(0, 3));
    folder.write("logs/one/other.log", numbered(50, 3));
    REQUIRE(follows.read(3) == lines_of(numbered(0, 3)));
    fs::create_directories(folder.path("logs/two"));
    folder.write("logs/two/acciss-2.log", numbered(3, 3));
    REQUIRE(follows.read(3, 15s) == lines_of(numbered(3, 3)));
}

TEST_CASE("two files that begin alike are two, also where all of them is alike", "[follow]") {
    scratch_folder const folder;
    std::string health;
    for (int i = 0; i < 200; ++i) health += "GET /health 200\n";
    folder.write("a.log", health);
    auto const other = folder.write("b.log", health);
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(400).size() == 400);
    append(other, "another\n");
    REQUIRE(follows.read(1) == std::vector<std::string>{"another"});
    REQUIRE(follows.ids.size() == 401);
}

TEST_CASE("a file and a link to it are one", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 5));
    fs::create_symlink(path, folder.path("link.log"));
    fs::create_hard_link(path, folder.path("hard.log"));
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(5).size() == 5);
    REQUIRE(follows.more() == 0);
}

TEST_CASE("content that is not lines is refused as a whole, counted and shown", "[follow]") {
    scratch_folder const folder;
    folder.write("access.log", numbered(0, 5));
    folder.write("store.log", std::string{"SQLite format 3\0 and more", 25});
    folder.write("wide.log",
                 "\xff\xfe"
                 "a\0b");
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(5).size() == 5);
    REQUIRE(follows.more() == 0);
    REQUIRE(follows.metric("files_refused") == 2);
    REQUIRE_THAT(follows.from().status().reason, ContainsSubstring("UTF-16"));
    REQUIRE(!follows.failure);

    follower once{folder, "wide.log", {.until_end = true}, "other"};
    REQUIRE(once.more() == 0);
    REQUIRE(once.failure->code == errc::rejected);
}

TEST_CASE("reading to the end takes the last line without an end, and nothing the second time", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 5) + "last");
    follower once{folder, "access.log", {.until_end = true}};
    REQUIRE(once.read(7) == lines_of(numbered(0, 5) + "last"));
    REQUIRE(once.failure->code == errc::end_of_input);
    once.commit_all();
    once.kill_and_start();
    REQUIRE(once.read(1).empty());
    append(path, "\nmore\n");
    once.kill_and_start();
    REQUIRE(once.read(2) == std::vector<std::string>{"more"});

    follower missing{folder, "nothing*", {.until_end = true}, "other"};
    REQUIRE(missing.failure->code == errc::not_found);
}

TEST_CASE("what was cut where a file ended is cut there again after a crash", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 5));
    follower follows{folder, "access.log", {.keeps_cuts = true}};
    REQUIRE(follows.read(5).size() == 5);
    append(path, numbered(5, 3));
    REQUIRE(follows.read(3).size() == 3);
    append(path, numbered(8, 20'000));
    REQUIRE(follows.read(20'000).size() == 20'000);
    auto const chunks = std::exchange(follows.chunks, {});
    follows.kill_and_start();
    REQUIRE(follows.read(20'008).size() == 20'008);
    REQUIRE(follows.chunks == chunks);
}

TEST_CASE("many files are read in turn", "[follow]") {
    scratch_folder const folder;
    folder.write("a.log", numbered(0, 60'000));
    folder.write("b.log", numbered(100'000, 10));
    follower follows{folder, "*.log"};
    static_cast<void>(follows.read(20'000));
    REQUIRE(follows.origins.size() == 2);
}

TEST_CASE("a state that another process has is an error that says so", "[follow]") {
    scratch_folder const folder;
    follower const first{folder, "*.log"};
    auto const second = positions_book::open(folder.path("state"), "test", {});
    REQUIRE(second.error().code == errc::busy);
    REQUIRE_THAT(second.error().message, ContainsSubstring("--state"));
}

TEST_CASE("a damaged state is set aside", "[follow]") {
    scratch_folder const folder;
    folder.write("access.log", numbered(0, 5));
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(5).size() == 5);
    follows.commit_all();
    folder.write("state/files-test.state", "nonsense");
    follows.kill_and_start();
    REQUIRE(follows.read(5).size() == 5);
    REQUIRE(fs::exists(folder.path("state/files-test.state.bad")));
}
