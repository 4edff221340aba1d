#include "core/crc32c.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;

TEST_CASE("crc32c gives the known sums", "[crc32c]") {
    REQUIRE(crc32c("") == 0);
    REQUIRE(crc32c("123456789") == 0xe3069283U);
    // RFC 3720 appendix B.4.
    REQUIRE(crc32c(std::string(32, '\0')) == 0x8a9136aaU);
    REQUIRE(crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
    std::string counting;
    for (int i = 0; i < 32; ++i) counting.push_back(static_cast<char>(i));
    REQUIRE(crc32c(counting) == 0x46dd794eU);
}

TEST_CASE("crc32c goes on from an earlier sum, at any place", "[crc32c]") {
    std::string const text = "The quick brown fox jumps over the lazy dog";
    for (std::size_t at = 0; at <= text.size(); ++at) {
        auto const view = std::string_view{text};
        REQUIRE(crc32c(view.substr(at), crc32c(view.substr(0, at))) == crc32c(text));
    }
}
