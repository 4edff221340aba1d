#include "core/file.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "world/faulty_files.hpp"

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <memory>

using namespace logpipe;
using namespace logpipe::sim;
using namespace logpipe::test;

namespace {

std::string contents(file const& of) {
    std::string bytes(1000, '\0');
    auto const got = of.read_at(0, bytes);
    REQUIRE(got);
    bytes.resize(*got);
    return bytes;
}

/// What every file system promises, ours for tests included.
void keeps_its_promises(file_system& files, std::string const& folder) {
    REQUIRE(files.list(folder + "/a/b").error().code == errc::not_found);
    REQUIRE(files.make_folder(folder + "/a/b"));
    REQUIRE(files.make_folder(folder + "/a/b"));
    auto const path = folder + "/a/b/one";
    REQUIRE(files.open(path, file_access::read).error().code == errc::not_found);
    REQUIRE(files.open(path, file_access::write).error().code == errc::not_found);
    REQUIRE(files.open(folder + "/none/one", file_access::create).error().code == errc::not_found);

    auto made = files.open(path, file_access::create);
    REQUIRE(made.has_value());
    std::array<std::string_view, 3> const parts{"ab", "", "cde"};
    REQUIRE((*made)->write_at(0, parts));
    REQUIRE((*made)->write_at(7, {parts.data(), 1}));
    REQUIRE((*made)->bytes().value() == 9);
    REQUIRE(contents(**made) == std::string("abcde\0\0ab", 9));
    REQUIRE((*made)->truncate(4));
    REQUIRE((*made)->sync_data());
    REQUIRE(contents(**files.open(path, file_access::read)) == "abcd");
    std::array<char, 2> piece{};
    REQUIRE((*made)->read_at(3, piece).value() == 1);
    REQUIRE((*made)->read_at(9, piece).value() == 0);

    REQUIRE((*made)->lock());
    auto other = files.open(path, file_access::write);
    REQUIRE((*other)->lock().error().code == errc::busy);
    made->reset();
    REQUIRE((*other)->lock());

    REQUIRE(files.open(folder + "/a/b/zwei", file_access::create).has_value());
    REQUIRE(files.list(folder + "/a/b").value() == std::vector<std::string>{"one", "zwei"});
    REQUIRE(files.rename(path, folder + "/a/b/zwei"));
    REQUIRE(files.list(folder + "/a/b").value() == std::vector<std::string>{"zwei"});
    REQUIRE(contents(**files.open(folder + "/a/b/zwei", file_access::read)) == "abcd");
    REQUIRE(files.sync_folder(folder + "/a/b"));
    REQUIRE(files.remove(folder + "/a/b/zwei"));
    REQUIRE(files.remove(folder + "/a/b/zwei").error().code == errc::not_found);
    REQUIRE(files.rename(path, path + "2").error().code == errc::not_found);
    REQUIRE(files.sync_folder(folder + "/none").error().code == errc::not_found);

    REQUIRE(make_lasting_folder(files, folder + "/c/d/e"));
    REQUIRE(make_lasting_folder(files, folder + "/c/d/e"));
    REQUIRE(store_file(files, folder + "/c/d/e/small", "stored"));
    REQUIRE(read_file(files, folder + "/c/d/e/small", 100).value() == "stored");
    REQUIRE(remove_stored_file(files, folder + "/c/d/e/small"));
    REQUIRE(remove_stored_file(files, folder + "/c/d/e/small"));
    REQUIRE(store_file(files, folder + "/none/small", "stored").error().code == errc::not_found);

    REQUIRE(replace_file(files, folder + "/a/small", "first, longer"));
    REQUIRE(replace_file(files, folder + "/a/small", "second"));
    REQUIRE(read_file(files, folder + "/a/small", 100).value() == "second");
    REQUIRE(read_file(files, folder + "/a/small", 5).error().code == errc::too_large);
    REQUIRE(read_file(files, folder + "/a/none", 5).error().code == errc::not_found);
}

}  // namespace

TEST_CASE("what is larger than one write of the system comes whole", "[base]") {
    scratch_folder folder;
    auto const path = folder.path("large");
    std::string const first(3'000'001, 'a');
    std::string const second(1'500'000, 'b');
    std::array<std::string_view, 3> const parts{first, "", second};
    {
        auto const made = system_files().open(path, file_access::create);
        REQUIRE(made.has_value());
        REQUIRE((*made)->write_at(0, parts));
    }
    CHECK(read_file(system_files(), path, 10'000'000).value() == first + second);
}

TEST_CASE("the system's files do what the interface says", "[file]") {
    scratch_folder const folder;
    keeps_its_promises(system_files(), folder.path("x"));
}

TEST_CASE("the files that forget do what the interface says", "[file]") {
    faulty_files files;
    keeps_its_promises(files, "x");
}

TEST_CASE("more parts than one system call takes are all written", "[file]") {
    scratch_folder const folder;
    auto opened = system_files().open(folder.path("x"), file_access::create);
    std::vector<std::string_view> const parts(3000, "abc");
    REQUIRE((*opened)->write_at(0, parts));
    REQUIRE((*opened)->bytes().value() == 9000);
}

TEST_CASE("a file that may not grow is storage_full, with what went in left there", "[file]") {
    scratch_folder const folder;
    auto opened = system_files().open(folder.path("x"), file_access::create);
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    auto const handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit const small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    std::string const large(5000, 'x');
    std::array<std::string_view, 2> const parts{large, large};
    auto const written = (*opened)->write_at(0, parts);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    REQUIRE(!written);
    REQUIRE(written.error().code == errc::storage_full);
    REQUIRE((*opened)->bytes().value() == 1000);
}

TEST_CASE("a power cut keeps what was synced and no more than what was written", "[file]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        faulty_files files{seed};
        REQUIRE(files.make_folder("d"));
        auto opened = files.open("d/x", file_access::create);
        std::string_view const safe = "safe";
        std::string_view const unsafe = "unsafe";
        REQUIRE((*opened)->write_at(0, {&safe, 1}));
        REQUIRE((*opened)->sync_data());
        REQUIRE(files.sync_folder("d"));
        REQUIRE((*opened)->write_at(4, {&unsafe, 1}));
        files.power_off();
        REQUIRE((*opened)->bytes().error().code == errc::storage_failed);
        files.power_on();
        REQUIRE((*opened)->bytes().error().code == errc::storage_failed);
        auto const left = files.contents("d/x");
        REQUIRE(left.starts_with("safe"));
        REQUIRE(std::string_view{"safeunsafe"}.starts_with(left));
    }
}

TEST_CASE("what was stored, and the folders made for it, survive a power cut; what was removed stays away", "[file]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        faulty_files files{seed};
        REQUIRE(files.make_folder("d"));
        REQUIRE(make_lasting_folder(files, "d/e/f"));
        REQUIRE(store_file(files, "d/e/f/kept", "first"));
        REQUIRE(store_file(files, "d/e/f/kept", "second"));
        REQUIRE(store_file(files, "d/e/f/removed", "x"));
        REQUIRE(remove_stored_file(files, "d/e/f/removed"));
        files.power_off();
        files.power_on();
        REQUIRE(read_file(files, "d/e/f/kept", 100).value() == "second");
        REQUIRE(read_file(files, "d/e/f/removed", 100).error().code == errc::not_found);
    }
}

TEST_CASE("a folder whose name could not be synced is synced by the next try", "[file]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        faulty_files files{seed};
        files.fail(file_operation::sync_folder);
        REQUIRE(!make_lasting_folder(files, "d/e"));
        REQUIRE(make_lasting_folder(files, "d/e"));
        files.power_off();
        files.power_on();
        REQUIRE(files.list("d/e").has_value());
    }
}

TEST_CASE("a stored file that could not be replaced is as it was, or as it was to be", "[file]") {
    for (auto const which : {file_operation::open, file_operation::truncate, file_operation::write,
                             file_operation::sync, file_operation::rename, file_operation::sync_folder}) {
        faulty_files files;
        REQUIRE(make_lasting_folder(files, "d"));
        REQUIRE(store_file(files, "d/x", "before"));
        files.fail(which, errc::storage_full);
        REQUIRE(store_file(files, "d/x", "after").error().code == errc::storage_full);
        files.power_off();
        files.power_on();
        auto const left = read_file(files, "d/x", 100).value();
        REQUIRE((left == "before" || left == "after"));
    }
}

TEST_CASE("a path without a folder is in the current one", "[file]") {
    REQUIRE(folder_of("x") == ".");
    REQUIRE(folder_of("/x") == "/");
    REQUIRE(folder_of("a/b") == "a");
    REQUIRE(folder_of("/a/b/") == "/a");
    REQUIRE(folder_of("") == ".");
}

TEST_CASE("a folder on a file system that nobody can write to has nothing to sync", "[file]") {
    REQUIRE(system_files().sync_folder("/proc"));
    REQUIRE(system_files().sync_folder("/none").error().code == errc::not_found);
}
