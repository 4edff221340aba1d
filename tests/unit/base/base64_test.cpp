#include "base/base64.hpp"

#include "support/catch.hpp"

#include <string>

using namespace logpipe;

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
