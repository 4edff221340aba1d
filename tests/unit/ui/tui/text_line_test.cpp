#include "text_line.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::tui;

TEST_CASE("a line never grows beyond its columns, however wide the words are", "[text_line]") {
    text_line line{10};
    line.add("abc").left("defghij", 4).right("xyz", 5).add("more").move_to(99);
    CHECK(line.text() == "abcdefg  x");
    CHECK(line.columns() == 10);
}

TEST_CASE("cells are padded on their side and cut", "[text_line]") {
    CHECK(text_line{20}.left("ab", 4).right("c", 3).text() == "ab    c");
    CHECK(text_line{20}.left("abcdef", 4).right("12345", 3).text() == "abcd123");
}

TEST_CASE("styles are escape sequences that take no columns and are switched off again", "[text_line]") {
    text_line line{5};
    line.add("abc", text_style::bad).add("defg", text_style::bold).add("h", text_style::good);
    CHECK(line.text() == "\x1b[1;31mabc\x1b[0m\x1b[1mde\x1b[0m");
    CHECK(line.columns() == 5);
}

TEST_CASE("what may not be one column wide is a query mark, and a peer's escape sequences are spaces", "[text_line]") {
    CHECK(text_line{20}.add("a\x1b[2Jb\n").text() == "a [2Jb ");
    CHECK(text_line{20}.add("日本é→█…").text() == "??é→█…");
    CHECK(text_line{20}.add("e\u0301\xff").text() == "e???");
    CHECK(columns_of("é→█") == 3);
}

TEST_CASE("a sparkline is as tall as its largest value and ends with the newest", "[text_line]") {
    CHECK(sparkline({}, 3) == "   ");
    CHECK(sparkline({0.0, 0.0}, 3) == " ▁▁");
    CHECK(sparkline({100.0, 0.0, 7.0, 3.5}, 3) == "▁█▄");
}
