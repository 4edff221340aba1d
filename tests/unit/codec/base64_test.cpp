#include "codec/base64.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;
using namespace logpipe::codec;

TEST_CASE("base64 is that of RFC 4648 section 10", "[base64]") {
    auto const encoded = [](std::string_view text) {
        std::string out(base64_bytes(text.size()), '\0');
        auto const* const end = write_base64(out.data(), text);
        CHECK(end == out.data() + out.size());
        return out;
    };
    CHECK(encoded("").empty());
    CHECK(encoded("f") == "Zg==");
    CHECK(encoded("fo") == "Zm8=");
    CHECK(encoded("foo") == "Zm9v");
    CHECK(encoded("foobar") == "Zm9vYmFy");
    CHECK(encoded("\xff\xfe\xfd") == "//79");
}

TEST_CASE("what was written in base64 reads back, and nothing else does", "[base64]") {
    std::string bytes;
    for (int i = 0; i < 300; ++i) {
        std::string text(base64_bytes(bytes.size()), '\0');
        write_base64(text.data(), bytes);
        CHECK(read_base64(text) == bytes);
        bytes.push_back(static_cast<char>(i * 37));
    }
    for (auto const* const text : {"a", "ab", "abc", "ab=c", "====", "a===", "ab!=", "YQ=", "YR==", "YWF="})
        CHECK_FALSE(read_base64(text));
}
