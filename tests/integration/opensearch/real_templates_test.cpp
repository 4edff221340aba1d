// Our template beside those of others: it is put where none of them matches the index, and else not.
#include "support/catch.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "core/log.hpp"
#include "real_server.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::net;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

/// A template of somebody else, which is gone with it.
class template_of_others final {
  public:
    template_of_others(std::string path, std::string_view body) : path_{std::move(path)} {
        auto client = client_of_real_server();
        auto const put = fetch_body(client, {.method = "PUT", .path = path_, .body = body});
        INFO((put ? std::string{} : put.error().message));
        REQUIRE(put.has_value());
    }
    ~template_of_others() {
        auto client = client_of_real_server();
        static_cast<void>(client.send({.method = "DELETE", .path = path_, .body = {}}));
    }
    template_of_others(template_of_others const&) = delete;
    template_of_others& operator=(template_of_others const&) = delete;

  private:
    std::string path_;
};

bool has_our_template(std::string const& index) {
    auto client = client_of_real_server();
    auto const path = "/_index_template/logpipe-" + index;
    return fetch_body(client, {.method = "GET", .path = path, .body = {}}).has_value();
}

std::string all_of(std::vector<std::string> const& lines) {
    std::string text;
    for (auto const& line : lines) text += line + "\n";
    return text;
}

std::string newest_warning_about(std::string const& index) {
    std::string found;
    for (auto const& each : recent_notes())
        if (each.message.contains("index " + index + " has a template")) found = each.message;
    return found;
}

void index_some(real_index const& index) {
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, 10);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 10, .indexed = 10});
}

}  // namespace

TEST_CASE("an operator's template, whatever its priority, is left to decide, and what the index lacks by it is said",
          "[opensearch]") {
    auto const priority = GENERATE(100, 500);
    real_index index;
    auto const name = index.name();
    template_of_others const part{"/_component_template/part-" + name,
                                  R"({"template":{"mappings":{"properties":{"time":{"type":"long"}}}}})"};
    template_of_others const whole{
        "/_index_template/theirs-" + name,
        fmt::format(R"({{"index_patterns":["{}*"],"priority":{},"composed_of":["part-{}"],"template":{{"settings":)"
                    R"({{"number_of_shards":3}},"mappings":{{"properties":{{"index":{{"type":"keyword"}}}}}}}}}})",
                    name, priority, name)};
    index_some(index);
    CHECK_FALSE(has_our_template(name));
    CHECK(index.ask("GET", "/_settings").at_pointer(fmt::format("/{}/settings/index/number_of_shards", name)) == "3");
    auto const said = newest_warning_about(name);
    CHECK(said.contains(fmt::format("index template theirs-{} (priority {})", name, priority)));
    CHECK(said.contains("time is long, the template has date"));
    CHECK(said.contains("event.bytes: long"));
    CHECK_FALSE(said.contains("index: keyword"));

    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    for (bool const dry : {true, false}) {
        auto const report = admin->set_up(name, {.dry_run = dry});
        REQUIRE(report.has_value());
        CHECK(report->left_to_others);
        auto const text = all_of(report->lines);
        CHECK(text.contains(fmt::format("theirs-{} (priority {})", name, priority)));
        CHECK(text.contains("by it: time is long, the template has date"));
        CHECK(text.contains("by it: not mapped: "));
        CHECK(text.contains("\"dynamic\":false") == dry);
    }
    CHECK_FALSE(has_our_template(name));
}

TEST_CASE("a legacy template is somebody's as well", "[opensearch]") {
    real_index index;
    auto const name = index.name();
    template_of_others const legacy{
        "/_template/old-" + name,
        fmt::format(
            R"({{"index_patterns":["{}*"],"order":3,"mappings":{{"properties":{{"time":{{"type":"date"}}}}}}}})",
            name)};
    index_some(index);
    CHECK_FALSE(has_our_template(name));
    CHECK(newest_warning_about(name).contains(fmt::format("legacy template old-{} (order 3)", name)));
    CHECK(make_opensearch_admin(real_server(), formats::nginx_mapping().documents)
              ->set_up(name, {})
              .value()
              .left_to_others);
}

TEST_CASE("a data stream stays one", "[opensearch]") {
    real_index index;
    auto const name = index.name();
    template_of_others const stream{
        "/_index_template/stream-" + name,
        fmt::format(
            R"({{"index_patterns":["{}"],"data_stream":{{"timestamp_field":{{"name":"time"}}}},"priority":10}})",
            name)};
    index_some(index);
    auto client = client_of_real_server();
    auto const streams = fetch_body(client, {.method = "GET", .path = "/_data_stream/" + name, .body = {}});
    REQUIRE(streams.has_value());
    CHECK(streams->contains("\"name\":\"" + name + "\""));
    CHECK_FALSE(has_our_template(name));
    CHECK(newest_warning_about(name).contains("(priority 10, of a data stream)"));
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    auto const report = admin->set_up(name, {});  // now that it is there
    REQUIRE(report.has_value());
    CHECK(report->left_to_others);
    CHECK(all_of(report->lines).contains("of a data stream"));
    static_cast<void>(client.send({.method = "DELETE", .path = "/_data_stream/" + name, .body = {}}));
}

TEST_CASE("a template of somebody else for other indices is none of ours", "[opensearch]") {
    real_index index;
    auto const name = index.name();
    template_of_others const other{"/_index_template/other-" + name,
                                   fmt::format(R"({{"index_patterns":["{}-else*"],"priority":500}})", name)};
    index_some(index);
    CHECK(has_our_template(name));
    CHECK(newest_warning_about(name).empty());
    CHECK_FALSE(make_opensearch_admin(real_server(), formats::nginx_mapping().documents)
                    ->set_up(name, {})
                    .value()
                    .left_to_others);
}
