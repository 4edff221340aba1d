#include "support/catch.hpp"

#include "index_template.hpp"
#include "opensearch/opensearch.hpp"

#include <boost/json.hpp>

using namespace logpipe;
using namespace logpipe::opensearch;

namespace {

boost::json::object mappings_of_template() {
    return make_template("logs", field_names::own_and_ecs).at("template").at("mappings").as_object();
}

}  // namespace

TEST_CASE("the template is for one index, has a version, and types every field of a document", "[index_template]") {
    boost::json::value const made = make_template("nginx-logs", field_names::own_and_ecs);
    CHECK(made.at_pointer("/index_patterns") == boost::json::array{"nginx-logs"});
    CHECK(made.at_pointer("/version") == template_version);
    auto const type_at = [&](std::string const& path) {
        return made.at_pointer("/template/mappings/properties" + path + "/type").as_string();
    };
    CHECK(type_at("/event/properties/remote_ip") == "ip");
    CHECK(type_at("/event/properties/bytes") == "long");
    CHECK(type_at("/event/properties/request/fields/text") == "text");
    CHECK(type_at("/@timestamp") == "date");
    CHECK(made.at_pointer("/template/mappings/dynamic") == false);
    CHECK(made.at_pointer("/template/mappings/properties/event/dynamic") == false);
    CHECK(made.at_pointer("/template/mappings/properties/client/properties/ip/path") == "event.remote_ip");
    CHECK(template_name("nginx-logs") == "logpipe-nginx-logs");
    boost::json::value const own = boost::json::parse(opensearch_template("nginx-logs"));
    auto const& fields = own.at_pointer("/template/mappings/properties").as_object();
    for (auto const* of_a_line : {"client", "http", "source", "url", "user_agent"})
        CHECK_FALSE(fields.contains(of_a_line));
}

TEST_CASE("a mapping that is the template's differs in nothing", "[index_template]") {
    auto const difference = compare_mapping(mappings_of_template(), mappings_of_template());
    CHECK(difference.missing.empty());
    CHECK(difference.fields.empty());
    CHECK(difference.conflicts.empty());
}

TEST_CASE("what a live mapping lacks and what it has otherwise are told apart", "[index_template]") {
    auto live = mappings_of_template();
    auto& event = live.at("properties").at("event").at("properties").as_object();
    event.erase("bytes");
    event["remote_ip"] = {{"type", "text"}};
    event["agent"] = {{"properties", {{"name", {{"type", "keyword"}}}}}};
    live.at("properties").as_object().erase("client");
    live.at("properties").as_object()["of_somebody_else"] = {{"type", "keyword"}};
    auto const difference = compare_mapping(mappings_of_template(), live);
    CHECK(difference.conflicts == std::vector<std::string>{"event.remote_ip is text, the template has ip",
                                                           "event.agent is object, the template has keyword"});
    CHECK(difference.fields == std::vector<std::string>{"event.bytes: long"});
    CHECK(difference.aliases == std::vector<std::string>{"client.ip: alias of event.remote_ip"});
    auto const missing = boost::json::serialize(difference.missing);
    CHECK(missing == R"({"properties":{"event":{"properties":{"bytes":{"type":"long","ignore_malformed":true}}},)"
                     R"("client":{"properties":{"ip":{"type":"alias","path":"event.remote_ip"}}}}})");
}

TEST_CASE("an index without a mapping lacks all of it", "[index_template]") {
    auto const difference = compare_mapping(mappings_of_template(), {});
    CHECK(difference.missing.at("properties") == mappings_of_template().at("properties"));
    CHECK(difference.fields.size() == 14);
    CHECK(difference.conflicts.empty());
}
