#include "codec/zstd.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::codec;
using namespace std::string_literals;

namespace {

// `printf hello | zstd`: bytes that another program wrote, with a checksum.
std::string const hello_by_zstd = "\x28\xb5\x2f\xfd\x04\x58\x29\x00\x00hello\xa3\x6d\x9f\x88"s;

std::string numbers(std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += std::to_string(i * 2654435761U) + "\n";
    return out;
}

}  // namespace

TEST_CASE("zstd written by another program is read", "[zstd]") {
    REQUIRE(unzstd(hello_by_zstd, 100).value() == "hello");
}

TEST_CASE("what zstd makes, unzstd gives back", "[zstd]") {
    for (auto const& text : {""s, "x"s, numbers(10'000), std::string(1'000'000, 'a')}) {
        REQUIRE(unzstd(zstd(text), text.size()).value() == text);
        REQUIRE(unzstd(zstd(text, 9), text.size()).value() == text);
    }
}

TEST_CASE("several zstd frames in a row are one text", "[zstd]") {
    REQUIRE(unzstd(zstd("one ") + zstd("") + hello_by_zstd + zstd("!"), 100).value() == "one hello!");
}

TEST_CASE("unzstd stops above its bound", "[zstd]") {
    auto const packed = zstd(std::string(1'000'000, 'a'));
    REQUIRE(unzstd(packed, 1'000'000).has_value());
    REQUIRE(unzstd(packed, 999'999).error().code == errc::too_large);
    REQUIRE(unzstd(packed, 0).error().code == errc::too_large);
}

TEST_CASE("zstd that is cut anywhere is corrupt", "[zstd]") {
    auto const packed = zstd("one ") + hello_by_zstd;
    auto const first_frame_bytes = zstd("one ").size();
    for (std::size_t bytes = 0; bytes < packed.size(); ++bytes) {
        auto const got = unzstd(std::string_view{packed}.substr(0, bytes), 100);
        if (bytes == first_frame_bytes) {
            REQUIRE(got.value() == "one ");
        } else {
            REQUIRE(got.error().code == errc::corrupt);
        }
    }
}

TEST_CASE("bytes that are not zstd are corrupt, garbage after a frame included", "[zstd]") {
    REQUIRE(unzstd("{\"a\":1}", 100).error().code == errc::corrupt);
    REQUIRE(unzstd(hello_by_zstd + "garbage", 100).error().code == errc::corrupt);
    auto damaged = hello_by_zstd;
    damaged.back() ^= 1;  // in the checksum
    REQUIRE(unzstd(damaged, 100).error().code == errc::corrupt);
}

TEST_CASE("the zstd inflater takes any pieces and keeps to the bound of each call", "[zstd]") {
    auto const text = numbers(20'000);
    auto const packed = zstd(text) + zstd(text);
    for (std::size_t const piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, packed.size()}) {
        zstd_inflater inflater;
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

TEST_CASE("a frame that needs more memory than is allowed is rejected", "[zstd]") {
    // The same frame with a window descriptor of 2 GiB (RFC 8878 section 3.1.1.1.2) in place of its 1 KiB.
    auto greedy = hello_by_zstd;
    greedy[5] = '\xa8';
    REQUIRE(unzstd(greedy, 100).error().code == errc::corrupt);
}

TEST_CASE("frames that are to be skipped are", "[zstd]") {
    auto const skippable = "\x50\x2a\x4d\x18\x03\x00\x00\x00xyz"s;
    REQUIRE(unzstd(skippable + hello_by_zstd + skippable, 100).value() == "hello");
}
