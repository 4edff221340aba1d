#include "support/catch.hpp"

#include "formats/normalize.hpp"
#include "index_template.hpp"
#include "opensearch/opensearch.hpp"

#include <boost/json.hpp>

using namespace logpipe;
using namespace logpipe::opensearch;

namespace {

boost::json::object template_of(std::string name, field_names names = field_names::own_and_ecs) {
    return make_template(
        {.pattern = index_pattern::parse(name).value(), .documents = formats::nginx_mapping().documents}, names);
}

boost::json::object mappings_of_template() {
    return template_of("logs").at("template").at("mappings").as_object();
}

/// Indices that are there were made by it.
constexpr std::string_view nginx_template =
    R"({"index_patterns":["logs"],"priority":200,"version":2,"_meta":{"managed_by":"logpipe"},"template":{")"
    R"(settings":{"index":{"number_of_shards":1,"number_of_replicas":0}},"mappings":{"dynamic":false,"prope)"
    R"(rties":{"event":{"type":"object","dynamic":false,"properties":{"remote_ip":{"type":"ip","ignore_malf)"
    R"(ormed":true},"remote_user":{"type":"keyword","ignore_above":2048},"request":{"type":"keyword","ignor)"
    R"(e_above":2048,"fields":{"text":{"type":"text","norms":false}}},"response":{"type":"integer","ignore_)"
    R"(malformed":true},"bytes":{"type":"long","ignore_malformed":true},"referrer":{"type":"keyword","ignor)"
    R"(e_above":2048,"fields":{"text":{"type":"text","norms":false}}},"agent":{"type":"keyword","ignore_abo)"
    R"(ve":2048,"fields":{"text":{"type":"text","norms":false}}}}},"fields":{"type":"object","dynamic":fals)"
    R"(e,"properties":{"region":{"type":"keyword","ignore_above":2048},"assetid":{"type":"keyword","ignore_)"
    R"(above":2048}}},"@version":{"type":"keyword","ignore_above":2048},"@timestamp":{"type":"date","ignore)"
    R"(_malformed":true},"time":{"type":"date","format":"epoch_millis","ignore_malformed":true},"index":{"t)"
    R"(ype":"keyword","ignore_above":2048},"sourcetype":{"type":"keyword","ignore_above":2048}}}}})";

}  // namespace

TEST_CASE("the template is for one index, has a version, and types every field of a document", "[index_template]") {
    boost::json::value const made = template_of("nginx-logs");
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
    CHECK(template_name(index_pattern::parse("nginx-logs").value()) == "logpipe-nginx-logs");
    boost::json::value const own =
        boost::json::parse(opensearch_template("nginx-logs", formats::nginx_mapping().documents));
    auto const& fields = own.at_pointer("/template/mappings/properties").as_object();
    for (auto const* of_a_line : {"client", "http", "source", "url", "user_agent"})
        CHECK_FALSE(fields.contains(of_a_line));
}

TEST_CASE("the template of indices with dates is for all of them, and gives them one name for readers",
          "[index_template]") {
    target_index of{.pattern = index_pattern::parse("nginx-logs-%Y.%m.%d").value(), .documents = {}, .settings = {}};
    auto const made = [&]() -> boost::json::value { return make_template(of, field_names::own); };
    CHECK(template_name(of.pattern) == "logpipe-nginx-logs-rolling");
    CHECK(made().at_pointer("/index_patterns") == boost::json::array{"nginx-logs-*"});
    CHECK(made().at_pointer("/template/aliases") == boost::json::object{{"nginx-logs", boost::json::object{}}});

    of.settings = {.shards = 3, .replicas = 2, .codec = "best_compression", .refresh = "30s", .alias = "none"};
    CHECK(made().at_pointer("/template/settings/index") == boost::json::object{{"number_of_shards", 3},
                                                                               {"number_of_replicas", 2},
                                                                               {"codec", "best_compression"},
                                                                               {"refresh_interval", "30s"}});
    CHECK_FALSE(made().at("template").as_object().contains("aliases"));
    of.settings.alias = "web";
    CHECK(made().at_pointer("/template/aliases") == boost::json::object{{"web", boost::json::object{}}});
    CHECK_FALSE(made().as_object().contains("data_stream"));
    of.settings.data_stream = true;
    CHECK(made().at("data_stream") == boost::json::object{});
}

TEST_CASE("the template of nginx's documents is the one that indices were made by, and has fields beside it",
          "[index_template]") {
    auto made = boost::json::parse(opensearch_template("logs", formats::nginx_mapping().documents));
    auto const before = boost::json::parse(nginx_template);
    auto& properties = made.at_pointer("/template/mappings/properties").as_object();
    auto const& known = before.at_pointer("/template/mappings/properties").as_object();
    for (auto const* added : {"request_time", "upstream_response_time", "http_host", "request_id"}) {
        CHECK(properties.contains(added));
        CHECK_FALSE(known.contains(added));
    }
    boost::json::object same;
    for (auto const& each : properties)
        if (known.contains(each.key())) same.emplace(each.key(), each.value());
    properties = std::move(same);
    CHECK(boost::json::serialize(made) == boost::json::serialize(before));
}

TEST_CASE("each type of a field is indexed as its own, and objects as deep as paths", "[index_template]") {
    schema const documents = formats::parse_mapping(R"(
        name = "m"
        [[field]]
        path = "a.b.word"
        [[field]]
        path = "a.b.found"
        [[field]]
        path = "a.ratio"
        type = "decimal"
        [[field]]
        path = "big"
        type = "long"
        ecs = "http.response.bytes"
        [store]
        columns = ["found"]
        search = ["found"]
    )",
                                                    "m.toml")
                                 .value()
                                 .documents;
    auto const made =
        make_template({.pattern = index_pattern::parse("m").value(), .documents = documents, .settings = {}},
                      field_names::own_and_ecs);
    CHECK(boost::json::serialize(made.at("template").at("mappings")) ==
          R"({"dynamic":false,"properties":{"a":{"type":"object","dynamic":false,"properties":{)"
          R"("b":{"type":"object","dynamic":false,"properties":{"word":{"type":"keyword","ignore_above":2048},)"
          R"("found":{"type":"keyword","ignore_above":2048,"fields":{"text":{"type":"text","norms":false}}}}},)"
          R"("ratio":{"type":"double","ignore_malformed":true}}},"big":{"type":"long","ignore_malformed":true},)"
          R"("http":{"properties":{"response":{"properties":{"bytes":{"type":"alias","path":"big"}}}}}}})");
    CHECK(boost::json::serialize(
              make_template({.pattern = index_pattern::parse("m").value(), .documents = {}, .settings = {}},
                            field_names::own)
                  .at("template")
                  .at("mappings")) == R"({"dynamic":false,"properties":{}})");
}

TEST_CASE("a mapping that is the template's differs in nothing", "[index_template]") {
    auto const difference = compare_mapping(mappings_of_template(), mappings_of_template());
    CHECK(difference.missing.empty());
    CHECK(difference.fields.empty());
    CHECK(difference.conflicts.empty());
}

TEST_CASE("what a live mapping lacks and what it has otherwise are distinguished", "[index_template]") {
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
    CHECK(difference.fields.size() == 25);
    CHECK(difference.conflicts.empty());
}
