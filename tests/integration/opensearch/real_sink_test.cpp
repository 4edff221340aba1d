#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "real_server.hpp"

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

batch payloads(std::vector<std::string> const& documents) {
    batch events;
    for (std::uint64_t i = 0; i < documents.size(); ++i)
        events.append(events.tag_index("app"), store_id(i), 0, documents[i]);
    events.counts.in = documents.size();
    return events;
}

}  // namespace

TEST_CASE("each document is in the index once, as it was, however often it is sent", "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto options = index.options();
    options.bulk_events_max = 300;
    options.compress = GENERATE(false, true);
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    auto first = store_batch(0, 1000);
    auto again = store_batch(500, 1500);
    REQUIRE(sink->write(first).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(finished.wait(1).size() == 1);
    REQUIRE(sink->write(again).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(2);
    REQUIRE(batches.size() == 2);
    CHECK(batches[0].counts == event_counts{.in = 1000, .indexed = 1000});
    CHECK(batches[1].counts == event_counts{.in = 1000, .indexed = 500, .duplicates = 500});
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    REQUIRE(admin->refresh(index.name()).has_value());
    CHECK(admin->count(index.name()).value() == 1500);
    auto const found = index.ask("GET", "/_doc/" + store_id(7).text());
    CHECK(found.at("_source") == boost::json::parse(store_document(7)));
    CHECK(found.at("_version").as_int64() == 1);
}

TEST_CASE("what the mapping refuses is rejected with the server's words, and malformed values are not refused",
          "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events =
        payloads({R"({"event":{"remote_ip":"10.0.0.1","bytes":5}})", R"({"event":{"request":{"not":"a text"}}})",
                  R"({"event":{"remote_ip":"no address","bytes":"many","response":1e30}})", R"({"event":{"broken":})",
                  R"({"unknown":{"deep":{"er":1}},"event":{"more":{"x":[1,{}]}}})",
                  R"({"event":"a text where the template has an object"})",
                  std::string{R"({"event":{"request":")"} + std::string(40'000, 'x') + R"("}})",
                  "{\"event\":{\"agent\":\"\xff\"}}"});
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    std::string refused;
    for (auto const& reason : batches[0].rejections) {
        refused += std::to_string(reason.event);
        CHECK(reason.stage == "opensearch");
        CHECK(reason.reason.starts_with("400 "));
        UNSCOPED_INFO(reason.reason);
    }
    CHECK(refused == "1357");
    CHECK(batches[0].counts.indexed == 4);
    auto const mapping = index.ask("GET", "/_mapping");
    CHECK_FALSE(boost::json::serialize(mapping).contains("unknown"));
}

TEST_CASE("a line's own keys are never refused, whatever they hold", "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events = payloads({R"({"client":"a","http":"b","url":"c","user_agent":"d","source":"e","host":"f"})",
                            R"({"client":{"ip":1},"http":[2],"url":{"original":{}},"source":{"ip":"x"},"host":null})"});
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].rejections.empty());
    CHECK(batches[0].counts.indexed == 2);
}

TEST_CASE("fields are typed by the template, and set up so, their ECS names are aliases", "[opensearch]") {
    real_index index;
    finished_batches finished;
    REQUIRE(make_opensearch_admin(real_server(), formats::nginx_mapping().documents)
                ->set_up(index.name(), {.ecs_names = true})
                .has_value());
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, 100);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(finished.wait(1).size() == 1);
    auto const hits = [&](std::string_view query) {
        auto const answer = index.search(fmt::format(R"({{"size":0,"track_total_hits":true,"query":{}}})", query));
        return answer.at_pointer("/hits/total/value").as_int64();
    };
    CHECK(hits(R"({"term":{"client.ip":"10.0.0.0/30"}})") == 4);
    CHECK(hits(R"({"term":{"http.response.status_code":404}})") == 50);
    CHECK(hits(R"({"range":{"http.response.body.bytes":{"gte":90}}})") == 10);
    CHECK(hits(R"({"match":{"event.request.text":"product_1"}})") == 33);
    CHECK(hits(R"({"term":{"user_agent.original":"Wget 3"}})") == 20);
    CHECK(hits(R"({"term":{"url.original":"GET /downloads/product_1 HTTP/1.1"}})") == 33);
    CHECK(hits(R"({"range":{"time":{"gte":1090}}})") == 10);
    CHECK(hits(R"({"term":{"fields.region":"eu-west-1"}})") == 100);
}

TEST_CASE("an index that is read-only holds its documents, and they go in once it is not", "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    index.ask("PUT", "");
    index.block_writes(true);
    REQUIRE(sink->open(finished).has_value());
    auto events = store_batch(0, 100);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("cluster_block_exception"));
    CHECK(finished.count() == 0);
    index.block_writes(false);
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 100, .indexed = 100});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("an index that is closed holds its documents as well", "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    index.ask("PUT", "");
    REQUIRE(sink->open(finished).has_value());
    index.ask("POST", "/_close");
    auto events = store_batch(0, 10);
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("index_closed_exception"));
    CHECK(finished.count() == 0);
    index.ask("POST", "/_open");
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 10, .indexed = 10});
}

TEST_CASE("a server under pressure gets everything in the end, each once", "[opensearch]") {
    // With indexing_pressure.memory.limit=1mb and thread_pool.write.queue_size=1 it answers with 429 by the thousand.
    real_index index;
    finished_batches finished;
    auto options = index.options();
    options.requests_in_flight_max = 8;
    options.bulk_events_max = 2'000;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    constexpr std::uint64_t batches = 20;
    for (std::uint64_t i = 0; i < batches; ++i) {
        auto events = store_batch(1000 * i, 1000 * i + 1000);
        REQUIRE(sink->write(events).has_value());
    }
    REQUIRE(sink->flush().has_value());
    REQUIRE(comes_true([&] { return finished.count() == batches; }));
    auto const total = total_of(finished.wait(batches));
    CHECK(total.indexed + total.duplicates == 1000 * batches);
    CHECK(total.duplicates == 0);
    auto const admin = make_opensearch_admin(real_server(), formats::nginx_mapping().documents);
    REQUIRE(admin->refresh(index.name()).has_value());
    CHECK(admin->count(index.name()).value() == 1000 * batches);
    if (std::getenv("LOGPIPE_OPENSEARCH_PRESSED") != nullptr) CHECK(sink->status().retries > 0);
}

TEST_CASE("a rejection has the reason of the error's cause", "[opensearch]") {
    real_index index;
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    auto events = payloads({R"({"a":1,"a":2})", R"({"a":1})"});
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    REQUIRE(batches[0].rejections.size() == 1);
    // As OpenSearch 2 says it, and 3.
    CHECK_THAT(batches[0].rejections[0].reason,
               ContainsSubstring("400 mapper_parsing_exception: failed to parse: Duplicate field 'a'") ||
                   ContainsSubstring("400 mapper_parsing_exception: failed to parse: Duplicate Object property \"a\""));
}
