// The sink against a server whose every answer the test decides: one case a row of the table in
// docs/internals/opensearch.md.
#include "support/catch.hpp"
#include "support/reports.hpp"

#include "sink_support.hpp"

#include <atomic>
#include <thread>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

bool is_numbered(std::string_view document, std::uint64_t number) {
    return document == store_document(number);
}

}  // namespace

TEST_CASE("documents are indexed under their ids, and a repeat is already there", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 3));
    REQUIRE(finished.wait(1).size() == 1);
    REQUIRE(write_documents(*sink, 1, 4));
    auto const batches = finished.wait(2);
    REQUIRE(batches.size() == 2);
    CHECK(batches[0].counts == event_counts{.in = 3, .indexed = 3});
    CHECK(batches[1].counts == event_counts{.in = 3, .indexed = 1, .duplicates = 2});
    auto const documents = index.documents();
    REQUIRE(documents.size() == 4);
    for (std::uint64_t number = 0; number < 4; ++number)
        CHECK(documents.at(store_id(number).text()) == store_document(number));
    auto const asks = server.asks();
    CHECK(asks.back().head.starts_with(
        "POST /logs/_bulk?filter_path=errors,items.*.status,items.*.error.type,items.*.error.reason,"
        "items.*.error.**.reason HTTP/1.1\r\n"));
    CHECK(asks.back().head.contains("\r\nContent-Type: application/x-ndjson\r\n"));
    CHECK(sink->status().up);
    CHECK(gauge_of(sink->status(), "indexed_events_total") == 4);
    CHECK(gauge_of(sink->status(), "duplicate_documents_total") == 2);
    CHECK(gauge_of(sink->status(), "requests_total") == 2);
    CHECK(gauge_of(sink->status(), "waiting_events") == 0);
}

TEST_CASE("each item of a mixed response fares by its own status", "[opensearch_sink]") {
    script_index index;
    std::atomic<int> busy{2};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view document) -> script_index::item_answer {
            if (is_numbered(document, 1)) return {.status = 400, .type = "mapper_parsing_exception", .reason = "bad"};
            if (is_numbered(document, 2) && busy-- > 0)
                return {.status = 429, .type = "rejected_execution_exception", .reason = "full"};
            if (is_numbered(document, 3) && busy > 0)
                return {.status = 403, .type = "cluster_block_exception", .reason = "read-only"};
            return {};
        });
    }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 5));
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 5, .indexed = 4});
    REQUIRE(batches[0].rejections.size() == 1);
    CHECK(batches[0].rejections[0].event == 1);
    CHECK(batches[0].rejections[0].stage == "opensearch");
    CHECK(batches[0].rejections[0].reason == "400 mapper_parsing_exception: bad");
    CHECK(index.documents().size() == 4);
    auto const asks = server.asks();
    CHECK(asks[1].documents.size() == 5);
    CHECK(asks[2].documents.size() < 5);  // only what has no fate yet
    CHECK(sink->status().retries >= 2);
    CHECK(comes_true([&] { return sink->status().up; }));  // the block is over
}

TEST_CASE("a response that never came whole is retried, and what was indexed is a duplicate", "[opensearch_sink]") {
    auto const how = GENERATE(bulk_reply::manner::reset, bulk_reply::manner::cut_short, bulk_reply::manner::silent);
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        auto reply = index.create(ask);
        if (ask.number == 0) reply.how = how;
        return reply;
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.connection.request_timeout = 300ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 3));
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 3, .indexed = 0, .duplicates = 3});
    CHECK(index.documents().size() == 3);
}

TEST_CASE("a response that cannot be understood is retried", "[opensearch_sink]") {
    auto const* const broken = GENERATE(R"({"errors":false,"items":[{"create":{"status":201}}]})", R"({"errors":fal)",
                                        "<html>", "", R"({"errors":false})");
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        auto reply = index.create(ask);
        if (ask.number == 0) reply.body = broken;
        return reply;
    }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 2));
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 2, .indexed = 0, .duplicates = 2});
}

TEST_CASE("a request that is too large is split, and later ones are made smaller", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        if (ask.documents.size() > 2) return bulk_reply{.status = "413 Request Entity Too Large"};
        return index.create(ask);
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 1;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 8));
    REQUIRE(finished.wait(1).size() == 1);
    auto const asked = server.asks().size();
    REQUIRE(write_documents(*sink, 8, 16));
    CHECK(total_of(finished.wait(2)) == event_counts{.in = 16, .indexed = 16});
    CHECK(index.documents().size() == 16);
    auto const asks = server.asks();
    for (auto i = asked; i < asks.size(); ++i) CHECK(asks[i].documents.size() <= 2);
}

TEST_CASE("a single document that is too large is rejected", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        for (auto const& [id, document] : ask.documents)
            if (is_numbered(document, 2)) return bulk_reply{.status = "413 Request Entity Too Large"};
        return index.create(ask);
    }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 4));
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts.indexed == 3);
    REQUIRE(batches[0].rejections.size() == 1);
    CHECK(batches[0].rejections[0].event == 2);
    CHECK(batches[0].rejections[0].reason.contains("too large for the server"));
}

TEST_CASE("a server that is busy gets retries until it is not, and nothing is rejected", "[opensearch_sink]") {
    auto const* const status = GENERATE("429 Too Many Requests", "502 Bad Gateway", "503 Service Unavailable",
                                        "504 Gateway Timeout", "500 Internal Server Error");
    script_index index;
    std::atomic<bool> busy{true};
    bulk_script server{
        [&](bulk_ask const& ask) { return busy ? bulk_reply{.status = status, .body = "busy"} : index.create(ask); }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 4; ++i) REQUIRE(write_documents(*sink, 10 * i, 10 * i + 10));
    CHECK(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains(std::string{"HTTP "}.append(status, 3)));
    CHECK(finished.count() == 0);
    busy = false;
    CHECK(total_of(finished.wait(4)) == event_counts{.in = 40, .indexed = 40});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("what needs an operator pauses the sink until it is done", "[opensearch_sink]") {
    struct hold_case {
        char const* status;
        char const* body;
        char const* words;
    };
    auto const paused = GENERATE(
        hold_case{"401 Unauthorized", "Unauthorized", "check user name, password or API key"},
        hold_case{"403 Forbidden", R"({"error":{"type":"security_exception","reason":"no permissions"}})", "right"},
        hold_case{"404 Not Found", R"({"error":{"type":"index_not_found_exception","reason":"no such index"}})",
                  "create the index"},
        hold_case{"400 Bad Request", R"({"error":{"type":"illegal_argument_exception","reason":"Malformed"}})",
                  "Malformed"},
        hold_case{"200 OK",
                  R"({"errors":true,"items":[{"create":{"status":404,"error":{"type":"index_not_found_exception"}}}]})",
                  "create the index"});
    script_index index;
    std::atomic<bool> wrong{true};
    bulk_script server{[&](bulk_ask const& ask) {
        return wrong ? bulk_reply{.status = paused.status, .body = paused.body} : index.create(ask);
    }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 1));
    CHECK(comes_true([&] { return !sink->status().up; }));
    auto const reason = sink->status().reason;
    CHECK(reason.starts_with("paused: "));
    CHECK(reason.contains(paused.words));
    wrong = false;
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 1, .indexed = 1});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("small batches share requests while all connections are busy", "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> gate{false};
    bulk_script server{[&](bulk_ask const& ask) {
        gate.wait(false);
        return index.create(ask);
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 2;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 2; ++i) {
        REQUIRE(write_documents(*sink, i, i + 1));
        REQUIRE(
            comes_true([&] { return gauge_of(sink->status(), "requests_in_flight") == static_cast<double>(i + 1); }));
    }
    for (std::uint64_t i = 2; i < 50; ++i) REQUIRE(write_documents(*sink, i, i + 1));
    CHECK(gauge_of(sink->status(), "waiting_events") == 50);
    gate = true;
    gate.notify_all();
    CHECK(total_of(finished.wait(50)) == event_counts{.in = 50, .indexed = 50});
    CHECK(gauge_of(sink->status(), "requests_total") == 3);
    CHECK(server.connections() == 3);  // open()'s, and two that were kept
}

TEST_CASE("bodies are cut by events across batches, and a batch is done with its last item", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto options = options_for(server);
    options.bulk_events_max = 7;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 5; ++i) {
        auto events = store_batch(10 * i, 10 * i + 10);
        REQUIRE(sink->write(events).has_value());
    }
    REQUIRE(sink->flush().has_value());
    auto const batches = finished.wait(5);
    REQUIRE(batches.size() == 5);
    for (auto const& one : batches) CHECK(one.counts == event_counts{.in = 10, .indexed = 10});
    CHECK(index.documents().size() == 50);
    CHECK(gauge_of(sink->status(), "requests_total") == 8);
}

TEST_CASE("write() waits while too much is in flight, until cancel()", "[opensearch_sink]") {
    bulk_script server{[&](bulk_ask const&) { return bulk_reply{.how = bulk_reply::manner::silent}; }};
    finished_batches finished;
    auto options = options_for(server);
    options.bulk_events_max = 1;
    options.requests_in_flight_max = 1;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    std::atomic<int> taken{0};
    std::optional<errc> refusal;
    bool untouched = false;
    std::jthread writer{[&] {
        for (std::uint64_t i = 0;; ++i) {
            auto events = store_batch(i, i + 1);
            auto const written = sink->write(events);
            if (!written) {
                refusal = written.error().code;
                untouched = events.events.size() == 1;
                return;
            }
            ++taken;
        }
    }};
    CHECK(comes_true([&] { return gauge_of(sink->status(), "requests_in_flight") == 1 && taken == 3; }));
    sink->cancel();
    writer.join();
    CHECK(refusal == errc::cancelled);
    CHECK(untouched);
    CHECK(taken == 3);  // one in flight, one ready, one that is filled up
    CHECK(sink->flush().error().code == errc::cancelled);
}

TEST_CASE("what is not an object is rejected here, and what was rejected before is passed over", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto const sink = make_opensearch_sink(options_for(server));
    REQUIRE(sink->open(finished).has_value());
    batch events;
    for (std::uint64_t i = 0; i < 4; ++i)
        events.append(events.tag_index("app"), store_id(i), 0,
                      i == 0   ? "[1]"
                      : i == 1 ? "{\"a\":\n1}"
                      : i == 2 ? "{}"
                               : "not this one");
    events.reject(2, "normalize", "before");
    REQUIRE(sink->write(events).has_value());
    REQUIRE(sink->flush().has_value());
    batch empty;
    empty.append(empty.tag_index("app"), store_id(9), 0, "");
    REQUIRE(sink->write(empty).has_value());
    auto batches = finished.wait(2);
    REQUIRE(batches.size() == 2);
    if (batches[0].events.size() == 1) std::swap(batches[0], batches[1]);
    CHECK(batches[0].counts.indexed == 1);
    REQUIRE(batches[0].rejections.size() == 3);
    CHECK(batches[0].rejections[1].reason == "not a JSON object");
    CHECK(batches[1].rejections.size() == 1);
    CHECK(index.documents() == std::map<std::string, std::string>{{store_id(1).text(), "{\"a\": 1}"}});
}

TEST_CASE("a body is compressed where the option says so", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) { return index.create(ask); }};
    finished_batches finished;
    auto options = options_for(server);
    options.compress = true;
    options.bulk_events_max = 40;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 100));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 100, .indexed = 100});
    CHECK(index.documents().size() == 100);
    auto const asks = server.asks();
    CHECK(asks.back().head.contains("\r\nContent-Encoding: gzip\r\n"));
    CHECK(asks.back().wire_bytes * 3 < asks.back().body.size());
}
