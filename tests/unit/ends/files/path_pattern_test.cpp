#include "path_pattern.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>

using namespace logpipe;
using namespace logpipe::files;

namespace {

std::vector<std::string> found(test::scratch_folder const& folder, std::string_view pattern) {
    std::vector<std::string> names;
    for (auto const& each : path_pattern{folder.path(pattern)}.expand().files)
        names.push_back(each.path.substr(folder.path("").size()));
    return names;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a pattern knows stars and brackets within a name, and nothing else", "[path_pattern]") {
    test::scratch_folder const folder;
    for (auto const* name : {"a.log", "b.log", "c?.log", "cc.log", ".hidden.log", "a.txt", "star*.log"})
        folder.write(name, "x");
    std::filesystem::create_directories(folder.path("one/deep"));
    folder.write("one/a.log", "x");
    folder.write("one/deep/a.log", "x");
    std::filesystem::create_directories(folder.path("d.log"));
    CHECK(found(folder, "*.log") == names{"a.log", "b.log", "c?.log", "cc.log", "star*.log"});
    CHECK(found(folder, "[ab].log") == names{"a.log", "b.log"});
    CHECK(found(folder, "c?.log") == names{"c?.log"});
    CHECK(found(folder, "*/a.log") == names{"one/a.log"});
    CHECK(found(folder, "*/*/a.*") == names{"one/deep/a.log"});
    CHECK(found(folder, ".*.log") == names{".hidden.log"});
    // A file of that very name is meant.
    CHECK(found(folder, "star*.log") == names{"star*.log"});
    CHECK(found(folder, "nothing") == names{});
}

TEST_CASE("a pattern says in which folders a file may come", "[path_pattern]") {
    test::scratch_folder const folder;
    std::filesystem::create_directories(folder.path("one"));
    auto const deep = path_pattern{folder.path("*/a*.log")}.expand();
    CHECK(deep.folders.contains(folder.path("one")));
    CHECK(!deep.folder_is_missing);
    CHECK(path_pattern{folder.path("no/a.log")}.expand().folder_is_missing);
    CHECK(path_pattern{folder.path("no/*.log")}.expand().folder_is_missing);
    auto const plain = path_pattern{folder.path("one/a.log")}.expand();
    CHECK(plain.folders == std::set<std::string>{folder.path("one")});
}
