#include "core/memory_limit.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>
#include <fstream>

using namespace logpipe;

namespace {

void write(std::string const& path, std::string const& text) {
    std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
    std::ofstream{path} << text;
}

}  // namespace

TEST_CASE("the least limit of a control group and of those above it counts, v2", "[memory]") {
    test::scratch_folder const mounted;
    CHECK_FALSE(control_group_memory("0::/system.slice/logpipe.service\n", mounted.path(".")));
    write(mounted.path("system.slice/logpipe.service/memory.max"), "max\n");
    CHECK_FALSE(control_group_memory("0::/system.slice/logpipe.service\n", mounted.path(".")));
    write(mounted.path("system.slice/memory.max"), "268435456\n");
    CHECK(control_group_memory("0::/system.slice/logpipe.service\n", mounted.path(".")) == 268435456U);
    write(mounted.path("system.slice/logpipe.service/memory.max"), "134217728\n");
    CHECK(control_group_memory("0::/system.slice/logpipe.service\n", mounted.path(".")) == 134217728U);
    write(mounted.path("memory.max"), "67108864\n");
    CHECK(control_group_memory("0::/system.slice/logpipe.service\n", mounted.path(".")) == 67108864U);
    CHECK(control_group_memory("0::/\n", mounted.path(".")) == 67108864U);
}

TEST_CASE("the limit of a control group is found with v1, also where a container sees its own as the root",
          "[memory]") {
    test::scratch_folder const mounted;
    auto const groups = "12:cpu,cpuacct:/\n4:memory:/docker/c0ffee\n0::/\n";
    CHECK_FALSE(control_group_memory(groups, mounted.path(".")));
    write(mounted.path("memory/memory.limit_in_bytes"), "9223372036854771712\n");  // none
    CHECK_FALSE(control_group_memory(groups, mounted.path(".")));
    write(mounted.path("memory/memory.limit_in_bytes"), "268435456\n");
    CHECK(control_group_memory(groups, mounted.path(".")) == 268435456U);
    write(mounted.path("memory/docker/c0ffee/memory.limit_in_bytes"), "1000000\n");
    CHECK(control_group_memory(groups, mounted.path(".")) == 1000000U);
    CHECK_FALSE(control_group_memory("nonsense\n:\n", mounted.path("none")));
}

TEST_CASE("a process may use some memory", "[memory]") {
    CHECK(usable_memory() > 0);
}
