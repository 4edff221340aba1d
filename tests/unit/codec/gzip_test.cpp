#include "codec/gzip.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::codec;
using namespace std::string_literals;

namespace {

// `printf hello | gzip -n`: bytes that another program wrote.
std::string const hello_by_gzip =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86\xa6\x10\x36\x05\x00\x00\x00"s;

std::string numbers(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += std::to_string(i * 2654435761U) + "\n";
    return out;
}

}  // namespace

TEST_CASE("gzip written by another program is read", "[gzip]") {
    REQUIRE(gunzip(hello_by_gzip, 100).value() == "hello");
}

TEST_CASE("what gzip makes, gunzip gives back", "[gzip]") {
    for (auto const& text : {""s, "x"s, numbers(10'000), std::string(1'000'000, 'a')}) {
        REQUIRE(gunzip(gzip(text), text.size()).value() == text);
        REQUIRE(gunzip(gzip(text, 9), text.size()).value() == text);
    }
}

TEST_CASE("several gzip members in a row are one text", "[gzip]") {
    REQUIRE(gunzip(gzip("one ") + gzip("") + hello_by_gzip + gzip("!"), 100).value() == "one hello!");
}

TEST_CASE("gunzip stops above its bound", "[gzip]") {
    auto const packed = gzip(std::string(1'000'000, 'a'));
    REQUIRE(gunzip(packed, 1'000'000).has_value());
    REQUIRE(gunzip(packed, 999'999).error().code == errc::too_large);
    REQUIRE(gunzip(packed, 0).error().code == errc::too_large);
}

TEST_CASE("gzip that is cut anywhere is corrupt", "[gzip]") {
    auto const packed = gzip("one ") + hello_by_gzip;
    auto const first_member_bytes = gzip("one ").size();
    for (std::size_t bytes = 0; bytes < packed.size(); ++bytes) {
        auto const got = gunzip(std::string_view{packed}.substr(0, bytes), 100);
        if (bytes == first_member_bytes) {
            REQUIRE(got.value() == "one ");
        } else {
            REQUIRE(got.error().code == errc::corrupt);
        }
    }
}

TEST_CASE("bytes that are not gzip are corrupt, garbage after a member included", "[gzip]") {
    REQUIRE(gunzip("{\"a\":1}", 100).error().code == errc::corrupt);
    REQUIRE(gunzip(hello_by_gzip + "garbage", 100).error().code == errc::corrupt);
    auto damaged = hello_by_gzip;
    damaged[18] ^= 1;  // in the checksum
    REQUIRE(gunzip(damaged, 100).error().code == errc::corrupt);
}

TEST_CASE("the inflater takes any pieces and keeps to the bound of each call", "[gzip]") {
    auto const text = numbers(20'000);
    auto const packed = gzip(text) + gzip(text);
    for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, packed.size()}) {
        gzip_inflater inflater;
        std::string output;
        for (std::size_t at = 0; at < packed.size(); at += piece) {
            auto input = std::string_view{packed}.substr(at, piece);
            constexpr std::size_t step_max = 1000;
            std::size_t got = 0;
            do {
                auto const before = output.size();
                REQUIRE(inflater.inflate(input, output, step_max));
                got = output.size() - before;
                REQUIRE(got <= step_max);
            } while (!input.empty() || got == step_max);
        }
        REQUIRE(inflater.at_end());
        REQUIRE(output == text + text);
    }
}
