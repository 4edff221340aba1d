#include "core/utf8.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("UTF-8 is well-formed in its shortest forms only", "[utf8]") {
    for (auto const* good :
         {"", "plain", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8e\x89", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"})
        CHECK(is_utf8(good));
    for (auto const* bad :
         {"\x80", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x8e", "a\xff", "\xe2\x28\xa1"})
        CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("a character is written as its bytes", "[utf8]") {
    std::string out;
    for (auto const character : {0x41U, 0xe4U, 0x20acU, 0x1f389U}) append_utf8(out, character);
    CHECK(out == "A\xc3\xa4\xe2\x82\xac\xf0\x9f\x8e\x89");
}
