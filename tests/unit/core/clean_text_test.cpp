#include "core/clean_text.hpp"

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

TEST_CASE("a clean line turns no text around, hides none and ends nowhere else", "[clean_text]") {
    for (auto const* each : {"\u061c", "\u200b", "\u200f", "\u2028", "\u2029", "\u202a", "\u202e", "\u2060", "\u2066",
                             "\u2069", "\ufeff"}) {
        auto const text = std::string{"user"} + each + "nimda";
        CHECK(clean_line(text) == "user nimda");
    }
    CHECK(clean_line("سلام שלום → – 日本 😀") == "سلام שלום → – 日本 😀");
}

TEST_CASE("on a terminal data shows what would drive it, and loses nothing", "[clean_text]") {
    CHECK(visible_text("{\"a\":\"é\",\n\t\"b\":1}\n") == "{\"a\":\"é\",\n\t\"b\":1}\n");
    CHECK(visible_text("\x1b[2J\r\x07\x7f") == "\\u001b[2J\\u000d\\u0007\\u007f");
    CHECK(visible_text("\u009b2J \u202e") == "\\u009b2J \\u202e");
    CHECK(visible_text("\xff\xc2") == "\\xff\\xc2");
    CHECK(visible_text(std::string_view{"\0", 1}) == "\\u0000");
}
