#include "base/clean_text.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("words in UTF-8 stay as they are", "[clean_text]") {
    REQUIRE(clean_utf8("größer als 8 KiB\n") == "größer als 8 KiB\n");
}

TEST_CASE("in words that are not UTF-8 every foreign byte becomes a question mark", "[clean_text]") {
    REQUIRE(clean_utf8("bad \xff\xfe tag") == "bad ?? tag");
}

TEST_CASE("a clean line has no control characters", "[clean_text]") {
    REQUIRE(clean_line("two\nlines \x1b[31mred\x7f") == "two lines  [31mred ");
    REQUIRE(clean_line("C1 \xc2\x9b!") == "C1  !");
    REQUIRE(clean_line("not C1: \xc2\xa0 é") == "not C1: \xc2\xa0 é");
}
