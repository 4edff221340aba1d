#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <simdjson.h>

using namespace logpipe;
using namespace logpipe::formats;

TEST_CASE("the built-in mapping is shown as JSON", "[normalize]") {
    auto const shown = to_json(nginx_mapping());
    simdjson::dom::parser parser;
    REQUIRE(parser.parse(shown).error() == simdjson::SUCCESS);
    REQUIRE(shown ==
            R"({"name":"nginx","nest_into":"event",)"
            R"("nested":["remote_ip","remote_user","request","response","bytes","referrer","agent"],)"
            R"("dropped":["time"],"time_key":"time",)"
            R"("regions":["us-east-1","us-east-2","us-west-1","us-west-2","eu-west-1","eu-central-1","ap-southeast-1",)"
            R"("ap-northeast-1"],"added":{"index":"nginx","sourcetype":"nginx"},"clash_suffix":"_original"})");
}

TEST_CASE("texts of a mapping are escaped in its JSON", "[normalize]") {
    mapping table;
    table.name = "a\"b\\c\n";
    REQUIRE_THAT(to_json(table), ContainsSubstring(R"("name":"a\"b\\c\n")"));
}
