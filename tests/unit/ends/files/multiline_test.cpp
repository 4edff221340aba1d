#include "follower.hpp"
#include "line_joiner.hpp"

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<start_pattern const> compiled(std::string const& text) {
    auto made = start_pattern::compile(text);
    REQUIRE(made.has_value());
    return *made;
}

std::string reason_of(std::string const& text) {
    auto const made = start_pattern::compile(text);
    REQUIRE_FALSE(made.has_value());
    return made.error().message;
}

follow_options joined(std::string const& start = "^[0-9]", std::size_t lines_max = 500, bool keeps_cuts = false) {
    return {
        .events = {.lines = {},
                   .joins = {.start = compiled(start), .lines_max = lines_max, .bytes_max = 4096, .timeout = 100ms}},
        .pattern = {},
        .until_end = false,
        .keeps_cuts = keeps_cuts};
}

/// Events of a line and so many more, about 40 bytes a line.
std::string traces(int first, int count, int lines) {
    std::string text;
    for (int i = first; i < first + count; ++i) {
        text += fmt::format("{} java.lang.Exception: number {}\n", i, i);
        for (int line = 0; line < lines; ++line)
            text += fmt::format("    at com.example.Some.method({}:{})\n", i, line);
    }
    return text;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("a start pattern is a POSIX extended regular expression, or an error that says why", "[follow]") {
    CHECK(compiled("^[0-9]{4}/")->matches("2026/01/31 01:31:39 [error]"));
    CHECK_FALSE(compiled("^[0-9]{4}/")->matches(" 2026/"));
    CHECK(compiled("^[^[:space:]]")->matches("Traceback"));
    CHECK_FALSE(compiled("^[^[:space:]]")->matches("\tat x"));
    CHECK(reason_of("^(") == "\"^(\" is not a POSIX extended regular expression: Unmatched ( or \\(");
    CHECK_THAT(reason_of("^\\d+"), ContainsSubstring("a digit is [0-9]"));
    CHECK_THAT(reason_of("^.*"), ContainsSubstring("matches every line"));
}

TEST_CASE("lines that do not match are joined to the one before, and the last event is given after a while",
          "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("app.log", "1 one\n  at a\n\n  at b\n2 two\n3 three\n  at");
    follower follows{folder, "app.log", joined()};
    CHECK(follows.read(2) == texts{"1 one\n  at a\n  at b", "2 two"});
    CHECK(follows.read(1) == texts{"3 three"});
    append(path, " c\n4 four\n");
    // It came too late, and is not lost.
    CHECK(follows.read(2) == texts{"  at c", "4 four"});
    CHECK(follows.metric("files_joined_lines_total") == 2);
    CHECK(follows.ids.size() == 5);
}

TEST_CASE("what is joined has the same ids after a crash, wherever blocks and reads were cut", "[follow]") {
    scratch_folder const folder;
    auto const path = folder.write("app.log", traces(0, 3'000, 12));
    bool const over_forward = GENERATE(false, true);
    follower follows{folder, "app.log", joined("^[0-9]", 500, over_forward)};
    REQUIRE(follows.read(1'000).size() >= 1'000);
    follows.commit_all();
    auto const rest = follows.read(3'000 - follows.ids.size());
    REQUIRE(follows.ids.size() == 3'000);
    // The last one was given because nothing came for a while; its other lines come now.
    append(path, "    at last.method\n" + traces(3'000, 7, 2));
    follows.kill_and_start();
    auto const repeated = follows.read(rest.size() + 8);
    CHECK(repeated.size() == rest.size() + 8);
    CHECK(follows.ids.size() == 3'008);
    CHECK(follows.each_id_is_one_line());
    CHECK(repeated[rest.size()] == "    at last.method");
    follows.commit_all();
    follows.kill_and_start();
    CHECK(follows.more() == 0);
}

TEST_CASE("an event of joined lines is bounded in lines and bytes, and the cuts are counted", "[follow]") {
    scratch_folder const folder;
    auto const path =
        folder.write("app.log", "1 one\n a\n b\n c\n d\n2 two\n" + std::string(5'000, 'x') + "\n3 three\n");
    auto how = joined("^[0-9]", 3);
    how.events.lines.line_bytes_max = 4096;
    follower follows{folder, "app.log", how};
    auto const got = follows.read(5);
    REQUIRE(got.size() == 5);
    CHECK(got[0] == "1 one\n a\n b");
    CHECK(got[1] == " c\n d");
    CHECK(got[2] == "2 two");
    CHECK(got[3] == std::string(4096, 'x'));
    CHECK(got[4] == "3 three");
    CHECK(follows.metric("files_joined_cuts_total") == 1);
    CHECK(follows.metric("source_cut_lines_total") == 1);
}

TEST_CASE("a file that is read to its end gives its last event at once", "[follow]") {
    scratch_folder const folder;
    folder.write("app.log", "1 one\n  at a\n2 two\n  at b");
    auto how = joined();
    how.until_end = true;
    follower follows{folder, "app.log", how};
    CHECK(follows.read(2) == texts{"1 one\n  at a", "2 two\n  at b"});
    CHECK(follows.read(1).empty());
    CHECK(follows.failure->code == errc::end_of_input);
}
