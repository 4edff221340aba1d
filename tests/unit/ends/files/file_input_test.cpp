#include "lines/lines.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "files/files.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"
#include "support/source_reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <thread>

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::lines;
using namespace std::chrono_literals;

namespace {

line_options run_of(std::string run_id = "20260131T013139Z-0123456789ab") {
    return {.tag = "app.follow", .run_id = std::move(run_id)};
}

std::string numbered(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "{\"n\": " + std::to_string(i) + "}\n";
    return text;
}

/// A named pipe with a writing end that the test holds.
struct named_pipe {
    explicit named_pipe(std::string const& path) {
        REQUIRE(mkfifo(path.c_str(), 0600) == 0);
        writer = open(path.c_str(), O_RDWR | O_CLOEXEC);
        REQUIRE(writer >= 0);
    }
    ~named_pipe() { close(); }
    void put(std::string_view text) const {
        // By a thread too, for which Catch2's macros are not.
        if (::write(writer, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
    }
    void close() {
        if (writer >= 0) ::close(writer);
        writer = -1;
    }
    int writer = -1;
};

}  // namespace

TEST_CASE("a file is read to its end, with ids that a second run repeats", "[file_source]") {
    test::scratch_folder const folder;
    auto const path = folder.write("lines", "\xef\xbb\xbf" + numbered(20'000) + "\r\nlast");
    auto const first = make_file_source(path, run_of());
    REQUIRE(first->open());
    auto const got = test::read_all(*first);
    REQUIRE(!got.failure);
    REQUIRE(got.records.size() == 20'001);
    REQUIRE(got.records[0] == "{\"n\": 0}");
    REQUIRE(got.records.back() == "last");
    REQUIRE(got.last.end_offset == 20'001);
    REQUIRE(got.batch_events.size() == 5);

    auto const second = make_file_source(path, run_of());
    REQUIRE(second->open());
    REQUIRE(second->identity() == first->identity());
    auto const repeated = test::read_all(*second);
    REQUIRE(repeated.ids == got.ids);

    auto const other = make_file_source(path, run_of("other"));
    REQUIRE(other->open());
    REQUIRE(other->identity() != first->identity());
    REQUIRE(test::read_all(*other).ids != got.ids);
}

TEST_CASE("a file source goes on where a sink's stored position ends", "[file_source]") {
    test::scratch_folder const folder;
    auto const from = make_file_source(folder.write("lines", numbered(10'000)), run_of());
    REQUIRE(from->open());
    REQUIRE(from->seek(std::vector<position>{{.partition = 0, .offset = 9'000}}));
    auto const got = test::read_all(*from);
    REQUIRE(got.records.size() == 1'000);
    REQUIRE(got.records[0] == "{\"n\": 9000}");
    REQUIRE(got.last.events.back().offset == 9'999);
}

TEST_CASE("an empty file has no events", "[file_source]") {
    test::scratch_folder const folder;
    auto const from = make_file_source(folder.write("lines", "\n\r\n"), run_of());
    REQUIRE(from->open());
    auto const got = test::read_all(*from);
    REQUIRE(!got.failure);
    REQUIRE(got.records.empty());
}

TEST_CASE("a file that is not there, is a folder or may not be read is a clear error", "[file_source]") {
    test::scratch_folder const folder;
    auto const missing = make_file_source(folder.path("nothing"), run_of())->open();
    REQUIRE(missing.error().code == errc::not_found);
    REQUIRE_THAT(missing.error().message, ContainsSubstring("nothing: No such file"));

    auto const directory = make_file_source(folder.path(""), run_of())->open();
    REQUIRE(directory.error().code == errc::invalid_argument);
    REQUIRE_THAT(directory.error().message, ContainsSubstring("is a directory"));

    auto const secret = folder.write("secret", "x");
    REQUIRE(chmod(secret.c_str(), 0) == 0);
    auto const opened = make_file_source(secret, run_of())->open();
    if (geteuid() != 0) {  // root may read everything
        REQUIRE(opened.error().code == errc::invalid_argument);
        REQUIRE_THAT(opened.error().message, ContainsSubstring("Permission denied"));
    }
}

TEST_CASE("a limit of 0 or above 1 GiB a line is rejected", "[file_source]") {
    test::scratch_folder const folder;
    auto const path = folder.write("lines", "x\n");
    for (std::size_t const bytes : {std::size_t{0}, std::size_t{1} << 31U}) {
        auto const from = make_file_source(path, {.tag = "t", .run_id = "r", .line_bytes_max = bytes});
        REQUIRE(from->open().error().code == errc::invalid_argument);
    }
}

TEST_CASE("a line over the limit is rejected and the ones around it are not", "[file_source]") {
    test::scratch_folder const folder;
    auto const path = folder.write("lines", "before\n" + std::string(1'000'000, 'x') + "\nafter\n");
    auto const from = make_file_source(path, {.tag = "t", .run_id = "r", .line_bytes_max = 1000});
    REQUIRE(from->open());
    auto const got = test::read_all(*from);
    REQUIRE(got.records == std::vector<std::string>{"before", std::string(1000, 'x'), "after"});
    REQUIRE(got.rejections == std::vector<std::string>{"line over 1000 bytes"});
}

TEST_CASE("lines of a pipe are given as they come, without waiting for a full chunk", "[file_source]") {
    test::scratch_folder const folder;
    named_pipe pipe{folder.path("pipe")};
    auto const from = make_file_source(folder.path("pipe"), run_of());
    REQUIRE(from->open());
    batch into;
    pipe.put("one\ntwo\nthr");
    auto const until = std::chrono::steady_clock::now() + 60s;
    REQUIRE(from->read(into, until));
    REQUIRE(into.events.size() == 2);
    into.clear();
    pipe.put("ee\n");
    REQUIRE(from->read(into, until));
    REQUIRE(into.record(into.events.at(0)) == "three");
    pipe.put("last");
    pipe.close();
    auto const rest = test::read_all(*from);
    REQUIRE(!rest.failure);
    REQUIRE(rest.records == std::vector<std::string>{"last"});
}

TEST_CASE("a wait for a pipe ends at its time and by wake()", "[file_source]") {
    test::scratch_folder const folder;
    named_pipe const pipe{folder.path("pipe")};
    auto const from = make_file_source(folder.path("pipe"), run_of());
    REQUIRE(from->open());
    batch into;
    REQUIRE(from->read(into, std::chrono::steady_clock::now() + 1ms));
    REQUIRE(into.empty());
    from->wake();  // before the wait
    REQUIRE(from->read(into, steady_time::max()));
    std::jthread const other{[&] { from->wake(); }};  // before it or in it
    REQUIRE(from->read(into, steady_time::max()));
    REQUIRE(into.empty());
}

TEST_CASE("stop() gives what was taken from a pipe, a started line included, then the end", "[file_source]") {
    test::scratch_folder const folder;
    named_pipe const pipe{folder.path("pipe")};
    auto const from = make_file_source(folder.path("pipe"), run_of());
    REQUIRE(from->open());
    pipe.put("started");
    batch into;
    REQUIRE(from->read(into, std::chrono::steady_clock::now() + 1ms));
    REQUIRE(into.empty());
    from->stop();
    auto const got = test::read_all(*from);
    REQUIRE(!got.failure);
    REQUIRE(got.records == std::vector<std::string>{"started"});
}

TEST_CASE("a file that is stopped half way gives no chunk that a repeat would cut elsewhere", "[file_source]") {
    test::scratch_folder const folder;
    auto const from = make_file_source(folder.write("lines", numbered(20'000)), run_of());
    REQUIRE(from->open());
    batch into;
    REQUIRE(from->read(into, steady_time::max()));
    REQUIRE(into.events.size() == 4096);
    from->stop();
    into.clear();
    REQUIRE(from->read(into, steady_time::max()).error().code == errc::end_of_input);
    REQUIRE(into.empty());
}

TEST_CASE("the file source shows how far it is", "[file_source]") {
    test::scratch_folder const folder;
    auto const from = make_file_source(folder.write("lines", "a\n\nbb\n"), run_of());
    REQUIRE(from->open());
    REQUIRE(test::read_all(*from).records.size() == 2);
    CHECK(from->read_progress() == source_progress{.read = 6, .total = 6});
    auto const status = from->status();
    REQUIRE(status.name == "file_source");
    std::vector<std::pair<std::string, double>> counted;
    for (auto const& each : status.metrics) counted.emplace_back(each.name, each.value);
    REQUIRE(counted == std::vector<std::pair<std::string, double>>{{"source_size_bytes", 6},
                                                                   {"source_read_bytes_total", 6},
                                                                   {"source_empty_lines_total", 1},
                                                                   {"source_cut_lines_total", 0},
                                                                   {"source_hole_bytes_total", 0}});
}

TEST_CASE("compressed files and pipes are read as what is in them, and damage is an error", "[file_source]") {
    test::scratch_folder const folder;
    auto const text = numbered(30'000);
    auto const read = [&](std::string const& bytes) {
        auto const from = make_file_source(folder.write("packed", bytes), run_of());
        REQUIRE(from->open());
        return test::read_all(*from);
    };
    auto const plain = read(text);
    REQUIRE(plain.records.size() == 30'000);
    auto const packed = codec::gzip(text.substr(0, 70'001)) + codec::gzip(text.substr(70'001));
    CHECK(read(packed).records == plain.records);
    CHECK(read(codec::zstd(text)).records == plain.records);
    CHECK(read(codec::gzip("")).records.empty());
    for (std::string const few : {"", "\x1f", "\x28\xb5\x2f", "a"}) {
        CAPTURE(few);
        auto const got = read(few);
        CHECK(got.records == (few.empty() ? std::vector<std::string>{} : std::vector<std::string>{few}));
        CHECK_FALSE(got.failure);
    }
    for (auto const& bad :
         {packed.substr(0, packed.size() - 5), codec::zstd(text).substr(0, 100), "\x1f\x8b\x08" + text}) {
        auto const got = read(bad);
        REQUIRE(got.failure);
        CHECK(got.failure->code == errc::corrupt);
        CHECK_THAT(got.failure->message, ContainsSubstring(folder.path("packed")));
    }
    named_pipe pipe{folder.path("pipe")};
    auto const from = make_file_source(folder.path("pipe"), run_of());
    REQUIRE(from->open());
    auto const small = codec::gzip("{\"n\": 0}\n");
    std::jthread writes{[&] {
        for (auto const byte : small) {
            pipe.put(std::string_view{&byte, 1});
            std::this_thread::sleep_for(1ms);
        }
        pipe.close();
    }};
    CHECK(test::read_all(*from).records == std::vector<std::string>{"{\"n\": 0}"});
}

TEST_CASE("a file that is not lines is rejected with what it is, and nothing of it is taken", "[file_source]") {
    test::scratch_folder const folder;
    auto const lines = numbered(10);
    auto const rejected = [&](std::string const& bytes, std::string_view what) {
        CAPTURE(what);
        auto const from = make_file_source(folder.write("input", bytes), run_of());
        REQUIRE(from->open());
        auto const got = test::read_all(*from);
        REQUIRE(got.failure);
        CHECK(got.failure->code == errc::rejected);
        CHECK_THAT(got.failure->message, ContainsSubstring(std::string{what}));
        CHECK(got.records.empty());
    };
    rejected(codec::gzip("\x1f\x8b\x08" + lines), "gzip data");
    rejected(std::string{"\xfd"
                         "7zXZ\0\n",
                         7} +
                 lines,
             "xz data");
    rejected("BZh91AY&SY" + lines, "bzip2 data");
    rejected("\x04\x22\x4d\x18" + lines, "lz4 data");
    rejected("PK\x03\x04" + lines, "zip archive");
    rejected(std::string{"\xff\xfe{\0\n\0", 6}, "UTF-16");
    rejected("\xff\xfe", "UTF-16");
    rejected(std::string{"\xfe\xff\0{\0\n", 6}, "UTF-16");
    rejected(std::string{"\xff\xfe\0\0{\0\0\0\n\0\0\0", 12}, "UTF-32");
    rejected(std::string{"\0\0\xfe\xff\0\0\0\n", 8}, "UTF-32");
    rejected("PAR1" + lines, "Parquet");
}

TEST_CASE("lines that begin like something else are lines", "[file_source]") {
    test::scratch_folder const folder;
    for (auto const* bytes : {"\x1f\n", "\xff\n", "\xfe\n", "BZh9\n", "PK\n", "\xef\xbb\xbf{}\n", "P", "\x28\xb5\n"}) {
        CAPTURE(bytes);
        auto const from = make_file_source(folder.write("input", bytes), run_of());
        REQUIRE(from->open());
        auto const got = test::read_all(*from);
        CHECK(!got.failure);
        CHECK(got.records.size() == 1);
    }
}

TEST_CASE("a pipe that gives its first bytes one by one is known all the same", "[file_source]") {
    test::scratch_folder const folder;
    auto const path = folder.path("pipe");
    named_pipe pipe{path};
    auto const from = make_file_source(path, run_of());
    REQUIRE(from->open());
    batch into;
    pipe.put("\xfd");
    REQUIRE(from->read(into, std::chrono::steady_clock::now() + 10ms));
    CHECK(into.empty());
    pipe.put(std::string_view{"7zXZ\0", 5});
    auto const read = from->read(into, std::chrono::steady_clock::now() + 20s);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::rejected);
    CHECK(into.empty());
}
