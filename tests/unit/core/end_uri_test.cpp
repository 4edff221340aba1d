#include "core/end_uri.hpp"

#include "support/catch.hpp"

using namespace logpipe;

TEST_CASE("URIs are taken apart", "[uri]") {
    CHECK(parse_uri("-")->rest == "-");
    CHECK(parse_uri("-")->scheme == "file");
    CHECK(parse_uri("../data/x.jsonl")->scheme == "file");
    CHECK(parse_uri("C-drive/x:y")->scheme == "file");
    CHECK(parse_uri("a?b%3F")->rest == "a?b%3F");
    CHECK(parse_uri("file:/tmp/a%3Fb%25%41")->rest == "/tmp/a?b%%41");
    CHECK_THAT(parse_uri("file:/tmp/a?b").error().message, ContainsSubstring("%3F"));
    for (auto const* path : {"/tmp/a?b", "100%", "%3F", "a%25b", "a:b", "//server/a"}) {
        INFO(path);
        CHECK(parse_uri(file_uri(path))->rest == path);
    }
    CHECK(with_suffix("kafka://b:1/t?start=end", ".dlq") == "kafka://b:1/t.dlq?start=end");
    CHECK(with_suffix("journal:a", ".dlq") == "journal:a.dlq");
    CHECK(parse_uri("forward://[::1]:24224")->rest == "[::1]:24224");
    CHECK(parse_uri("https://h/p?q=1")->whole == "https://h/p?q=1");
    auto const demo = parse_uri("demo:nginx?lines=5&seed=7");
    REQUIRE(demo.has_value());
    CHECK(demo->rest == "nginx");
    CHECK(demo->query == std::vector<std::pair<std::string, std::string>>{{"lines", "5"}, {"seed", "7"}});
    CHECK(parse_uri("demo:nginx?lines").has_error());
    auto const docker = parse_uri("docker:unix:///run/docker.sock?label=a=b&project=x");
    REQUIRE(docker.has_value());
    CHECK(docker->rest == "unix:///run/docker.sock");
    CHECK(docker->query == std::vector<std::pair<std::string, std::string>>{{"label", "a=b"}, {"project", "x"}});
    CHECK(parse_uri("docker:?project=x")->rest.empty());
    CHECK(parse_uri("").has_error());
}
