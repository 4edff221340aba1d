#include "cut_line.hpp"
#include "follower.hpp"
#include "line_joiner.hpp"

using namespace logpipe;
using namespace logpipe::files;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

std::string cri(std::string_view flag, std::string_view text, std::string_view stream = "stdout", int second = 1) {
    return fmt::format("2026-11-29T10:00:{:02}.123456789Z {} {} {}\n", second, stream, flag, text);
}

std::string json_file(std::string_view text, std::string_view stream = "stdout") {
    return fmt::format(R"({{"log":"{}","stream":"{}","time":"2026-11-29T10:00:01.5Z"}})"
                       "\n",
                       text, stream);
}

follow_options joined() {
    return {.events = {.lines = {}, .joins = {.joins_cut_lines = true, .bytes_max = 4096, .timeout = 100ms}},
            .pattern = {}};
}

using texts = std::vector<std::string>;

texts followed(std::string const& content, std::size_t count, follow_options const& how = joined()) {
    scratch_folder const folder;
    folder.write("a.log", content);
    follower follows{folder, "a.log", how};
    auto lines = follows.read(count);
    CHECK(follows.more() == 0);
    CHECK(follows.each_id_is_one_line());
    return lines;
}

}  // namespace

TEST_CASE("a line that CRI has cut is one event, and others come at once", "[cut_line]") {
    CHECK(followed(cri("F", "one") + cri("P", "ab") + cri("P", "cd", "stdout", 2) + cri("F", "e") + "plain\n" +
                       cri("P:x", "q") + cri("F:y", "r"),
                   4) == texts{"2026-11-29T10:00:01.123456789Z stdout F one",
                               "2026-11-29T10:00:01.123456789Z stdout F abcde", "plain",
                               "2026-11-29T10:00:01.123456789Z stdout F:x qr"});
}

TEST_CASE("a line that json-file has cut is one event", "[cut_line]") {
    CHECK(followed(json_file(R"(one\n)") + json_file(R"(a \"b\")") + json_file(R"(c\\n)") + json_file(R"(d\\\n)") +
                       json_file(R"(two\n)"),
                   3) == texts{R"({"log":"one\n","stream":"stdout","time":"2026-11-29T10:00:01.5Z"})",
                               R"({"log":"a \"b\"c\\nd\\\n","stream":"stdout","time":"2026-11-29T10:00:01.5Z"})",
                               R"({"log":"two\n","stream":"stdout","time":"2026-11-29T10:00:01.5Z"})"});
}

TEST_CASE("parts whose rest is of another stream, does not come or is too long are passed on", "[cut_line]") {
    auto const part = cri("P", "ab");
    auto const error = cri("F", "error", "stderr");
    auto const rest = cri("F", "cd");
    auto const as_line = [](std::string const& text) { return text.substr(0, text.size() - 1); };
    CHECK(followed(part + error + rest, 3) == texts{as_line(part), as_line(error), as_line(rest)});
    CHECK(followed(rest + part, 2) == texts{as_line(rest), as_line(part)});
    auto const large = cri("P", std::string(3'000, 'x'));
    CHECK(followed(large + large + rest, 2).size() == 2);
}

TEST_CASE("lines of other forms are not taken for cut ones", "[cut_line]") {
    for (auto const* line : {"", " ", "2026-11-29T10:00:01.123456789Z", "2026-11-29T10:00:01.123456789Z stdout",
                             "2026-11-29T10:00:01.123456789Z stdout P", "2026-11-29T10:00:01.123456789Z other P x",
                             "2026-11-29T10:00:01.123456789Z stdout X x", "192.0.2.1 - - [29/Nov/2026:10:00:01 +0000]",
                             R"({"log":")", R"({"log":"a"})", R"({"log":"a\)", R"({"log":"a","stdout":"stream"})"})
        CHECK_FALSE(read_cut_line(line).has_value());
    CHECK(read_cut_line("2026-11-29T10:00:01.123456789Z stdout P ").has_value());
}

TEST_CASE("a part that waited when its reader was killed is joined again, under the same id", "[cut_line]") {
    scratch_folder const folder;
    auto const path = folder.write("a.log", cri("F", "one"));
    follower follows{folder, "a.log", joined()};
    CHECK(follows.read(1).size() == 1);
    follows.commit_all();
    append(path, cri("P", "ab") + cri("F", "cd"));
    CHECK(follows.read(1) == texts{"2026-11-29T10:00:01.123456789Z stdout F abcd"});
    follows.kill_and_start();
    CHECK(follows.read(1) == texts{"2026-11-29T10:00:01.123456789Z stdout F abcd"});
    CHECK(follows.ids.size() == 2);
    CHECK(follows.each_id_is_one_line());
}
