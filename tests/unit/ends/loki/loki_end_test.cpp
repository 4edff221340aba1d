#include "loki_end.hpp"

#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/scratch_folder.hpp"

using namespace logpipe;
using namespace logpipe::loki;
using namespace logpipe::test;

TEST_CASE("loki: takes its options, and a password from a file alone", "[end]") {
    scratch_folder const folder;
    auto const of = [](given_texts const& given, std::string const& uri) {
        return sink_options_of(request_of(uri, given_options{loki_end.sink_options, given}));
    };
    auto const made = of({{"loki-user", {"me"}},
                          {"loki-password-file", {folder.write("password", "secret\n")}},
                          {"tenant", {"team"}},
                          {"push-age", {"5000"}},
                          {"structured-metadata", {"no"}}},
                         "lokis://logs:443");
    REQUIRE(made.has_value());
    CHECK(made->address == "logs:443");
    CHECK(made->tls);
    CHECK(made->username == "me");
    CHECK(made->password == "secret");
    CHECK(made->tenant == "team");
    CHECK(made->push_age_max == std::chrono::seconds{5});
    CHECK_FALSE(made->structured_metadata);
    CHECK_FALSE(of({}, "loki://localhost:3100")->tls);
    CHECK_THAT(of({{"loki-user", {"me"}}}, "loki://localhost:3100").error().message,
               ContainsSubstring("go together: give both or neither"));
}

TEST_CASE("a list of Lokis that cannot work is known at start", "[end]") {
    auto const words_of = [](std::string const& uri) {
        auto const made = sink_options_of(request_of(uri, given_options{loki_end.sink_options, {}}));
        REQUIRE(made.has_error());
        CHECK(made.error().code == errc::invalid_argument);
        return made.error().message;
    };
    CHECK_THAT(words_of("loki://a,,b"), ContainsSubstring("one is empty"));
    CHECK_THAT(words_of("loki://a,lokis://b"), ContainsSubstring("share the scheme"));
    CHECK_THAT(words_of("loki://a:3100,a"), ContainsSubstring("a:3100 is there twice"));
}
