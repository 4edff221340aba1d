#include "docker_end.hpp"

#include "support/catch.hpp"
#include "support/given_options.hpp"

using namespace logpipe;
using namespace logpipe::docker;
using namespace logpipe::test;

TEST_CASE("docker: names the socket, and takes projects and labels", "[end]") {
    auto const of = [](std::string const& uri, given_texts const& given = {}) {
        return source_options_of(request_of(uri, given_options{docker_end.source_options, given}));
    };
    CHECK(of("docker:")->socket == "/var/run/docker.sock");
    CHECK(of("docker:")->labels.empty());
    CHECK(of("docker:")->positions_file == "logpipe-data/ship.json");
    CHECK(of("docker:unix:///tmp/d.sock")->socket == "/tmp/d.sock");
    CHECK(of("docker:/tmp/d.sock")->socket == "/tmp/d.sock");
    CHECK(of("docker:", {{"project", {"x"}}, {"label", {"a=b", "c"}}})->labels ==
          std::vector<std::string>{"a=b", "c", "com.docker.compose.project=x"});
}
