#include "core/short_prefix.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;

TEST_CASE("a text begins with a short prefix when all of the prefix's bytes are there", "[short_prefix]") {
    std::string const text = "0123456789abcdef";
    for (std::size_t bytes = 0; bytes <= text.size(); ++bytes) {
        short_prefix const prefix{std::string_view{text}.substr(0, bytes)};
        CHECK(prefix.is_at(text.data()));
        for (std::size_t at = 0; at < text.size(); ++at) {
            auto other = text;
            other[at] = '\0';
            CAPTURE(bytes, at);
            CHECK(prefix.is_at(other.data()) == (at >= bytes));
        }
    }
    CHECK(short_prefix{}.is_at(text.data()));
    CHECK(short_prefix{"0123456789abcdef and more"}.is_at(text.data()));
}
