// `check --file` and `check --tests`.
#include "check_file.hpp"
#include "check_tests.hpp"

#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <random>

using namespace logpipe;
using namespace logpipe::cli;

namespace {

/// Gone with the object.
class temporary_file final {
  public:
    explicit temporary_file(std::string const& text)
        : path_{std::filesystem::temp_directory_path() / ("logpipe-check-" + std::to_string(std::random_device{}()))} {
        std::ofstream{path_} << text;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    temporary_file(temporary_file const&) = delete;
    temporary_file& operator=(temporary_file const&) = delete;
    std::string path() const { return path_; }

  private:
    std::filesystem::path path_;
};

settings check_options(std::string const& name, std::string const& value) {
    return settings::merge("check", {{name, {value}}}, {}, {}).value();
}

std::string combined(int status) {
    return R"(192.0.2.9 - - [31/Jan/2026:01:31:39 +0000] "GET / HTTP/1.1" )" + std::to_string(status) +
           R"( 7 "-" "curl/8.5.0")";
}

lines_summary summary_of(std::vector<std::string> const& lines) {
    auto check = line_check::make(check_options("line", "x")).value();
    lines_summary made;
    for (std::size_t i = 0; i < lines.size(); ++i) made.add(i + 1, lines[i], check.run(lines[i], "access.log", 1));
    return made;
}

}  // namespace

TEST_CASE("a summary says of each field how many lines have it, with an example", "[check]") {
    auto const text = summary_of({combined(200), combined(404)}).text();
    CAPTURE(text);
    CHECK(text.starts_with("           2 lines\n           2 documents\n"));
    CHECK(text.contains("           2 event.response"));
    CHECK(text.contains("\"192.0.2.9\""));
    CHECK_FALSE(text.contains("rejected"));
    CHECK_FALSE(text.contains("raw"));
}

TEST_CASE("a summary names the lines that were repaired, raw, without fields, and rejected, and the reasons",
          "[check]") {
    auto const text = summary_of({combined(200), "\xef\xbb\xbf" + combined(200), "no access log", R"({"a":1})",
                                  R"({"a":)", R"({"b":)"})
                          .text();
    CAPTURE(text);
    CHECK(text.contains("           1 repaired: front 1\n"));
    CHECK(text.contains("           1 raw, text of none of the formats: line 3\n"));
    CHECK(text.contains("no access log\n"));
    CHECK(text.contains("           1 without any field of the mapping: line 4\n"));
    CHECK(text.contains("           2 rejected\n"));
    CHECK(text.contains(": line 5, 6\n"));
}

TEST_CASE("a file in which no line becomes a document fails the check", "[check]") {
    CHECK(check_file(check_options("file", "/nowhere/access.log")) == 1);
    temporary_file const bad{"{\"a\":\n"};
    CHECK(check_file(check_options("file", bad.path())) == 1);
    temporary_file const good{combined(200) + "\n{\"a\":\n"};
    CHECK(check_file(check_options("file", good.path())) == 0);
}

TEST_CASE("a case passes where the keys that it names have their values", "[check]") {
    formats::mapping_test test{.name = "a", .line = {}, .document = R"({"event":{"response":200}})", .rejected = {}};
    line_outcome const got{.document = R"({"event":{"response":200,"bytes":7},"x":[1]})"};
    CHECK(difference(test, got).empty());

    test.exact = true;
    CHECK(difference(test, got) == "    event.bytes: expected nothing, got 7\n    x: expected nothing, got [1]\n");

    test = {.name = "a", .line = {}, .document = R"({"event":{"response":"200","agent":"-"}})", .rejected = {}};
    CHECK(difference(test, got) ==
          "    event.agent: expected \"-\", got nothing\n    event.response: expected \"200\", got 200\n");
}

TEST_CASE("a case may expect a rejection by a part of its reason", "[check]") {
    formats::mapping_test const test{.name = "a", .line = {}, .document = {}, .rejected = "not JSON"};
    CHECK(difference(test, {.document = {}, .reason = "not JSON: the value of \"a\""}).empty());
    CHECK(difference(test, {.document = {}, .reason = "an empty line"}) ==
          "    line: expected rejected: not JSON, got rejected: an empty line\n");
    CHECK(difference(test, {.document = "{}"}) == "    line: expected rejected: not JSON, got {}\n");
}

TEST_CASE("a file of cases passes, fails, or cannot be read", "[check]") {
    auto const status = [](std::string const& toml) {
        temporary_file const file{toml};
        return check_tests(check_options("tests", file.path()));
    };
    std::string const good =
        "[[test]]\nname = \"status\"\nline = '" + combined(404) + "'\ndocument = '{\"event\": {\"response\": 404}}'\n";
    CHECK(status(good) == 0);
    CHECK(status("format = \"json\"\n" + good) == 1);
    CHECK(status(good + "[[test]]\nname = \"b\"\nline = '{\"a\":'\nrejected = \"cut off\"\n") == 0);
    CHECK(status(good + "[[test]]\nname = \"b\"\nline = '{}'\ndocument = '{\"a\":1}'\n") == 1);
    CHECK(status("") == 2);
    CHECK(status(good + "typo = 1\n") == 2);
    CHECK(status("format = \"jsno\"\n" + good) == 2);
    CHECK(status("[[test]]\nname = \"b\"\nline = '{}'\n") == 2);
    CHECK(check_tests(check_options("tests", "/nowhere/mapping_test.toml")) == 2);
}
