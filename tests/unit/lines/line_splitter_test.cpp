#include "lines/line_splitter.hpp"

#include "support/catch.hpp"

#include <vector>

using namespace logpipe;
using namespace logpipe::lines;
using namespace std::string_literals;

namespace {

struct split_result {
    std::vector<std::string> lines;  // "!" in front of one that was cut
    std::uint64_t empty = 0;
    std::uint64_t bytes = 0;
    std::uint64_t holes = 0;  // their bytes

    friend bool operator==(split_result const&, split_result const&) = default;
};

split_result split(std::string_view text, std::size_t piece_bytes, std::size_t line_bytes_max = 1000) {
    line_splitter splitter{line_bytes_max};
    split_result got;
    auto const keep = [&](input_line const& line) {
        got.lines.push_back((line.cut ? "!" : "") + std::string{line.text});
    };
    for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
        auto piece = text.substr(at, piece_bytes);
        while (auto const line = splitter.next(piece)) keep(*line);
        REQUIRE(piece.empty());
    }
    if (auto const line = splitter.finish()) keep(*line);
    REQUIRE(!splitter.finish());
    got.empty = splitter.empty_lines();
    got.bytes = splitter.offset_bytes();
    got.holes = splitter.hole_bytes();
    return got;
}

/// The same whatever the pieces are.
std::vector<std::string> lines_of(std::string_view text, std::size_t line_bytes_max = 1000) {
    auto const whole = split(text, text.size() + 1, line_bytes_max);
    for (std::size_t piece_bytes = 1; piece_bytes <= text.size(); ++piece_bytes)
        REQUIRE(split(text, piece_bytes, line_bytes_max) == whole);
    REQUIRE(whole.bytes == text.size());
    return whole.lines;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lines end at LF or CR LF, in pieces of any size", "[lines]") {
    REQUIRE(lines_of("one\ntwo\r\nthree\n") == texts{"one", "two", "three"});
    REQUIRE(lines_of("a\rb\r\r\n") == texts{"a\rb\r"});
}

TEST_CASE("a last line without a line end is a line", "[lines]") {
    REQUIRE(lines_of("one\ntwo") == texts{"one", "two"});
    REQUIRE(lines_of("one\r") == texts{"one"});
    REQUIRE(lines_of("") == texts{});
}

TEST_CASE("empty lines are left out and counted", "[lines]") {
    REQUIRE(lines_of("\n\na\n\r\n\nb\n\n") == texts{"a", "b"});
    REQUIRE(split("\n\na\n\r\n\nb\n\n", 3).empty == 5);
    REQUIRE(lines_of("\r") == texts{});
}

TEST_CASE("a byte order mark is left out at the very start only", "[lines]") {
    REQUIRE(lines_of("\xef\xbb\xbfone\n\xef\xbb\xbftwo\n") == texts{"one", "\xef\xbb\xbftwo"});
    REQUIRE(lines_of("\xef\xbb\xbf") == texts{});
    REQUIRE(lines_of("\xef\xbbone\n") == texts{"\xef\xbbone"});
    REQUIRE(lines_of("\xef\xbb") == texts{"\xef\xbb"});
    REQUIRE(lines_of("\xef\n") == texts{"\xef"});
}

TEST_CASE("a line over the limit is cut to it, one at the limit is not", "[lines]") {
    REQUIRE(lines_of("12345\n123456\n1234567890\n1\n", 5) == texts{"12345", "!12345", "!12345", "1"});
    REQUIRE(lines_of("12345\r\n123456\r\n", 5) == texts{"12345", "!12345"});
    REQUIRE(lines_of("1234567", 5) == texts{"!12345"});
    REQUIRE(lines_of("12345\r", 5) == texts{"12345"});
}

TEST_CASE("zero bytes and wrong UTF-8 pass as they are", "[lines]") {
    REQUIRE(lines_of("a\0b\xff\n"s) == texts{"a\0b\xff"s});
}

TEST_CASE("a hole of NULs is a line by itself and costs none of those beside it", "[lines]") {
    std::string const hole(300, '\0');
    REQUIRE(lines_of(hole + "one\ntwo\n") == texts{hole, "one", "two"});
    REQUIRE(lines_of("one\n" + hole + "two\n") == texts{"one", hole, "two"});
    REQUIRE(lines_of("one\nhalf" + hole + "two\n" + hole) == texts{"one", "half", hole, "two", hole});
    REQUIRE(lines_of("one" + hole + "\ntwo" + hole + "three") == texts{"one", hole, "two", hole, "three"});
    REQUIRE(lines_of(hole) == texts{hole});
    REQUIRE(split("one" + hole + "\ntwo" + hole + "three", 7).holes == 600);
    REQUIRE(split(hole + "\none\n", 7).empty == 0);
    auto const cut = "!"s + std::string(5, '\0');
    REQUIRE(lines_of("12345" + hole + "1234567" + hole + "1\n", 5) == texts{"12345", cut, "!12345", cut, "1"});
}

TEST_CASE("a few NULs are bytes of their line", "[lines]") {
    for (std::size_t const count : {1U, 15U}) {
        std::string const few(count, '\0');
        REQUIRE(lines_of(few + "one\ntwo" + few + "\n" + few) == texts{few + "one", "two" + few, few});
        REQUIRE(split(few + "one\n", 3).holes == 0);
    }
    std::string const least(16, '\0');
    REQUIRE(lines_of(least + "one\ntwo" + least + "\n") == texts{least, "one", "two", least});
}
