#include "follower.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "core/path_tag.hpp"

#include <filesystem>

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("a renamed file is read to its end, and the new one of its name from its beginning", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(10).size() == 10);
    fs::rename(path, path + ".1");
    append(path + ".1", numbered(10, 5));  // its writer has not reopened yet
    append(path, numbered(15, 5));
    auto got = follows.read(10);
    std::ranges::sort(got);
    REQUIRE(got == lines_of(numbered(10, 10)));
    REQUIRE(follows.ids.size() == 20);
}

TEST_CASE("what was written to a renamed file while nobody followed is read, and then its successor", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(10).size() == 10);
    follows.commit_all();
    append(path, numbered(10, 5));
    fs::rename(path, path + ".1");
    append(path, numbered(15, 5));
    follows.kill_and_start();
    auto got = follows.read(10);
    std::ranges::sort(got);
    REQUIRE(got == lines_of(numbered(10, 10)));
    REQUIRE(follows.more() == 0);
}

TEST_CASE("a file that was copied and truncated is read on in its copy, and from its beginning", "[follow]") {
    auto const together = GENERATE(false, true);
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, together ? "access.log*" : "access.log"};
    REQUIRE(follows.read(10).size() == 10);
    append(path, numbered(10, 5));  // not seen before it is truncated, perhaps
    fs::copy_file(path, path + ".1");
    fs::resize_file(path, 0);
    append(path, numbered(15, 5));
    auto got = follows.read(10);
    std::ranges::sort(got);
    REQUIRE(got == lines_of(numbered(10, 10)));
    REQUIRE(follows.more() == 0);
    REQUIRE(follows.metric("files_truncated_total") == 1);
    REQUIRE(follows.each_id_is_one_line());
    follows.commit_all();
    follows.kill_and_start();
    REQUIRE(follows.more() == 0);
}

TEST_CASE("a copy that ends before what was read of its original has nothing new", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 40));
    follower follows{folder, "access.log*"};
    REQUIRE(follows.read(40).size() == 40);
    folder.write("access.log.1", numbered(0, 39));
    fs::resize_file(path, 0);
    append(path, numbered(40, 5));
    REQUIRE(follows.read(5) == lines_of(numbered(40, 5)));
    REQUIRE(follows.more() == 0);
}

TEST_CASE("a truncation while nobody follows is known by the content, also where the file grew over it", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(10).size() == 10);
    follows.commit_all();
    append(path, numbered(10, 3));
    fs::copy_file(path, path + ".1");
    folder.write("access.log", numbered(100, 50));  // the same inode
    follows.kill_and_start();
    auto got = follows.read(53);
    std::ranges::sort(got);
    auto want = lines_of(numbered(10, 3) + numbered(100, 50));
    std::ranges::sort(want);
    REQUIRE(got == want);
    REQUIRE(follows.ids.size() == 63);
}

TEST_CASE("what was given and never became safe keeps its ids in a copy", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "access.log*"};
    REQUIRE(follows.read(10).size() == 10);
    fs::copy_file(path, path + ".1");
    folder.write("access.log", numbered(10, 5));
    follows.kill_and_start();
    REQUIRE(follows.read(15).size() == 15);
    REQUIRE(follows.ids.size() == 15);
    REQUIRE(follows.each_id_is_one_line());
}

TEST_CASE("a truncation between the open and the first read is noticed", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(10).size() == 10);
    follows.kill_and_start();  // nothing is safe, so it is read from its beginning
    fs::copy_file(path, path + ".1");
    folder.write("access.log", numbered(10, 20));  // longer than before
    REQUIRE(follows.read(30).size() == 30);
    REQUIRE(follows.ids.size() == 30);
    REQUIRE(follows.each_id_is_one_line());
}

TEST_CASE("a file that had the name between two rotations while nobody followed is read", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    folder.write("access.log.7", numbered(900, 10));  // from before anybody followed
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(10).size() == 10);
    follows.commit_all();
    fs::last_write_time(folder.path("access.log.7"), fs::file_time_type::clock::now() - 1h);
    fs::rename(path, path + ".2");
    folder.write("access.log.1", numbered(10, 10));
    fs::last_write_time(path + ".1", fs::file_time_type::clock::now() + 61s);
    folder.write("access.log", numbered(20, 10));
    follows.kill_and_start();
    REQUIRE(follows.read(10) == lines_of(numbered(20, 10)));
    follows.commit_all();
    // Killed before it was clear what that is, and rotated again.
    fs::rename(path + ".2", path + ".3");
    fs::rename(path + ".1", path + ".2");
    fs::rename(path, path + ".1");
    append(path, numbered(30, 10));
    follows.kill_and_start();
    auto got = follows.read(20, 10s);
    std::ranges::sort(got);
    REQUIRE(got == lines_of(numbered(10, 10) + numbered(30, 10)));
    REQUIRE(follows.more() == 0);
}

TEST_CASE("a compressed copy of what was read gives only the rest, once", "[follow]") {
    auto const zstd = GENERATE(false, true);
    scratch_folder const folder;
    auto const text = numbered(0, 3'000);
    auto const path = folder.write("access.log", numbered(0, 2'000));
    follower follows{folder, "access.log*"};
    REQUIRE(follows.read(2'000).size() == 2'000);
    follows.commit_all();
    fs::remove(path);
    folder.write("access.log.1.gz", zstd ? codec::zstd(text) : codec::gzip(text));
    follows.kill_and_start();
    REQUIRE(follows.read(1'000) == lines_of(numbered(2'000, 1'000)));
    REQUIRE(follows.more() == 0);
    follows.commit_all();
    follows.kill_and_start();
    REQUIRE(follows.more() == 0);
    fs::rename(folder.path("access.log.1.gz"), folder.path("access.log.2.gz"));
    REQUIRE(follows.more() == 0);
}

TEST_CASE("a compressed file that nobody read before is read as a whole", "[follow]") {
    scratch_folder const folder;
    folder.write("access.log.1.gz", codec::gzip(numbered(0, 3'000)));
    follower follows{folder, "access.log*"};
    REQUIRE(follows.read(3'000) == lines_of(numbered(0, 3'000)));
    follows.kill_and_start();
    REQUIRE(follows.read(3'000).size() == 3'000);
    REQUIRE(follows.ids.size() == 3'000);
}

TEST_CASE("a deleted file is read to its end", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10'000));
    follower follows{folder, "access.log"};
    REQUIRE(follows.read(1).size() >= 1);
    fs::remove(path);
    REQUIRE(follows.read(10'000).size() >= 1);
    REQUIRE(follows.ids.size() == 10'000);
}

TEST_CASE("a file that begins with all of another one, and goes on, is a file of its own", "[follow]") {
    scratch_folder const folder;
    folder.write("a.log", numbered(0, 100));
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(100).size() == 100);
    auto const other = folder.write("b.log", numbered(0, 101));
    REQUIRE(follows.read(101).size() == 101);
    folder.write("c.log", numbered(0, 50));
    REQUIRE(follows.read(50).size() == 50);
    REQUIRE(follows.ids.size() == 251);
}

TEST_CASE("a copy of a followed file adds nothing", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 100));
    follower follows{folder, "*.log"};
    REQUIRE(follows.read(100).size() == 100);
    fs::copy_file(path, folder.path("backup.log"));
    append(path, numbered(100, 1));
    REQUIRE(follows.read(2) == lines_of(numbered(100, 1)));
    REQUIRE(follows.metric("files_copies_total") == 1);
}

TEST_CASE("a tag names the path by which a file was found, whatever its name is later", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("access.log", numbered(0, 10));
    follower follows{folder, "access.log*", {.events = {.lines = {.tag = "app.*"}}}};
    REQUIRE(follows.read(10).size() == 10);
    follows.commit_all();
    fs::rename(path, path + ".1");
    append(path + ".1", numbered(10, 5));
    follows.kill_and_start();
    REQUIRE(follows.read(5).size() == 5);
    REQUIRE(follows.tags == std::set{"app." + path_tag(real_path(path))});
}
