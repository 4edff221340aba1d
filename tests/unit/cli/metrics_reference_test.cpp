#include "metrics_reference.hpp"

#include "support/catch.hpp"

#include <fstream>
#include <iterator>
#include <string>

using namespace logpipe;
using namespace logpipe::cli;

TEST_CASE("the reference page of metrics is what the descriptors make", "[metrics_reference]") {
    std::ifstream file{std::string{LOGPIPE_TESTS_FOLDER} + "/../docs/reference/metrics.md"};
    std::string const page{std::istreambuf_iterator<char>{file}, {}};
    INFO("replace docs/reference/metrics.md by what `logpipe check --show-metrics` prints");
    CHECK(page == metrics_markdown());
}
