#include "core/secrets.hpp"

#include "core/log.hpp"
#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <sys/stat.h>

#include <algorithm>

using namespace logpipe;

namespace {

std::size_t warnings_of(std::string const& path) {
    return static_cast<std::size_t>(std::ranges::count_if(recent_notes(), [&](auto const& note) {
        return note.message.contains(path) && note.level == log_level::warn;
    }));
}

}  // namespace

TEST_CASE("a secret is the first line of its file, without the line's end of any system", "[secrets]") {
    test::scratch_folder const folder;
    CHECK(*read_secret(folder.write("secret", "sesame\nopen\n")) == "sesame");
    CHECK(*read_secret(folder.write("windows", "sesame\r\nopen\r\n")) == "sesame");
    CHECK(*read_secret(folder.write("cut", "sesame\r")) == "sesame");
    CHECK(*read_secret(folder.write("bare", "sesame")) == "sesame");
    CHECK(*read_secret(folder.write("inner", "ses\rame\n")) == "ses\rame");
    CHECK(*read_secret_lines(folder.write("lines", "a:b\r\nc:d\r\n")) == "a:b\nc:d\n");
    for (auto const* empty : {"", "\n", "\r\n", "\r", "\r\nsesame"}) {
        INFO(empty);
        CHECK(read_secret(folder.write("empty", empty)).error().code == errc::invalid_argument);
    }
    CHECK(read_secret(folder.path("nothing")).error().code == errc::invalid_argument);
    CHECK(without_line_end("sesame\r\n") == "sesame");
    CHECK(without_line_end("a:b\nc:d\n") == "a:b\nc:d");
}

TEST_CASE("secrets are the same only where all of them is", "[secrets]") {
    CHECK(is_same_secret("", ""));
    CHECK(is_same_secret("sesame", "sesame"));
    for (auto const* const other : {"", "sesam", "sesame ", "Sesame", "sesamE"})
        CHECK_FALSE(is_same_secret("sesame", other));
}

TEST_CASE("a secret that every user can read is warned about once, and refused where that is wanted", "[secrets]") {
    test::scratch_folder const folder;
    auto const secret = folder.write("open", "sesame\n");
    REQUIRE(chmod(secret.c_str(), 0444) == 0);
    CHECK(*read_secret(secret) == "sesame");
    CHECK(*read_secret(secret) == "sesame");
    CHECK(warnings_of(secret) == 1);

    auto const own = folder.write("own", "sesame\n");
    REQUIRE(chmod(own.c_str(), 0640) == 0);
    refuse_open_secrets(true);
    auto const refused = read_secret(secret);
    auto const taken = read_secret(own);
    refuse_open_secrets(false);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == errc::invalid_argument);
    CHECK_THAT(refused.error().message, ContainsSubstring(secret) && ContainsSubstring("chmod 600"));
    CHECK(*taken == "sesame");
    CHECK(warnings_of(own) == 0);
}
