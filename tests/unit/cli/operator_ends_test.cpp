#include "operator_ends.hpp"

#include "support/catch.hpp"
#include "support/scratch_folder.hpp"

#include <filesystem>

using namespace logpipe;
using namespace logpipe::cli;
using test::scratch_folder;

TEST_CASE("dead letters of a journal go back to it, whatever their hop is called", "[operator_ends]") {
    scratch_folder const folder;
    for (auto const* name : {"logs", "logs.audit"}) std::filesystem::create_directory(folder.path(name));
    auto const input = [&](std::string const& name) { return input_of_letters("journal:" + folder.path(name)); };
    auto const logs = "journal:" + folder.path("logs");
    CHECK(input("logs.dlq") == logs);
    CHECK(input("logs.consume.dlq") == logs);
    CHECK(input("logs.to.search.dlq") == logs);
    CHECK(input("logs.audit.dlq") == logs + ".audit");
    CHECK(input("logs").empty());
    CHECK(input("other.dlq").empty());
    CHECK(input_of_letters("kafka://b:9092/t.dlq") == "kafka://b:9092/t");
    CHECK(input_of_letters("kafka://b:9092/t").empty());
}

TEST_CASE("an audit of a journal has the dead letters of all hops that read it", "[operator_ends]") {
    scratch_folder const folder;
    for (auto const* name : {"logs", "logs.dlq", "logs.search.dlq", "logs2", "logs2.dlq", "logs.txt"})
        std::filesystem::create_directory(folder.path(name));
    auto const options = settings::merge("verify", {}, {}, {});
    REQUIRE(options.has_value());
    operator_ends ends{*options};
    std::vector<std::unique_ptr<audit::audited_endpoint>> found;
    REQUIRE(ends.add_input("journal:" + folder.path("logs"), found));
    std::vector<std::string> names;
    for (auto const& each : found) names.push_back(each->name());
    CHECK(names == std::vector<std::string>{"journal " + folder.path("logs"), "journal " + folder.path("logs.dlq"),
                                            "journal " + folder.path("logs.search.dlq")});
}
