#include "stage_options.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

using namespace logpipe;
using namespace logpipe::cli;

namespace {

using flag_map = std::map<std::string, std::vector<std::string>, std::less<>>;

settings with(flag_map const& flags) {
    return settings::merge("ship", flags, {}, "").value();
}

}  // namespace

TEST_CASE("docker: names the socket, the project and labels", "[ship_options]") {
    auto const options = with({});
    auto const of = [&](std::string const& uri) { return docker_source_options_of(options, *parse_uri(uri)); };
    CHECK(of("docker:")->socket == "/var/run/docker.sock");
    CHECK(of("docker:")->labels.empty());
    CHECK(of("docker:unix:///tmp/d.sock?project=x")->socket == "/tmp/d.sock");
    CHECK(of("docker:/tmp/d.sock")->socket == "/tmp/d.sock");
    CHECK(of("docker:?project=x&label=a=b&label=c")->labels ==
          std::vector<std::string>{"com.docker.compose.project=x", "a=b", "c"});
    CHECK_THAT(of("docker:?name=x").error().message, ContainsSubstring("there are project and label"));
    CHECK(of("docker:")->positions_file == "logpipe-data/ship.json");
}

TEST_CASE("what is named as the host of Loki is read at a bounded rate", "[ship_options]") {
    auto const limited = [](flag_map const& flags) {
        return docker_source_options_of(with(flags), *parse_uri("docker:"))->limited_services;
    };
    CHECK(limited({{"to", {"lokis://logs:3100"}}}) == std::vector<std::string>{"logs"});
    CHECK(limited({{"to", {"stdout:"}}, {"limited-services", {"a", "b"}}}) == std::vector<std::string>{"a", "b"});
}

TEST_CASE("loki: takes its options, and a password from a file alone", "[ship_options]") {
    test::scratch_folder const folder;
    auto const of = [](flag_map const& flags, std::string const& uri) {
        return loki_sink_options_of(with(flags), *parse_uri(uri));
    };
    auto const made = of({{"loki-user", {"me"}},
                          {"loki-password-file", {folder.write("password", "secret\n")}},
                          {"tenant", {"team"}},
                          {"push-age", {"5s"}},
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
               ContainsSubstring("belong together"));
}
