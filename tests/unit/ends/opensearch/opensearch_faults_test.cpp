// Whose fault a failure is: the target's, which pauses the sink, or the document's, which becomes a dead letter.
#include "support/catch.hpp"
#include "support/reports.hpp"

#include "sink_support.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

using namespace logpipe;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

using item_answer = script_index::item_answer;

item_answer const boom{.status = 500, .type = "fail_processor_exception", .reason = "boom"};
item_answer const no_pipeline{
    .status = 400, .type = "illegal_argument_exception", .reason = "pipeline with id [x] does not exist"};

bool is_numbered(std::string_view document, std::uint64_t number) {
    return document == store_document(number);
}

}  // namespace

TEST_CASE("documents that fail alone hold no connection, and become dead letters after their attempts",
          "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [](std::string_view document) {
            return is_numbered(document, 3) || is_numbered(document, 7) ? boom : item_answer{};
        });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 1;
    options.document_tries = 4;
    options.document_retry_time = 0ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 10));
    auto const batches = finished.wait(1);
    REQUIRE(batches.size() == 1);
    CHECK(batches[0].counts == event_counts{.in = 10, .indexed = 8});
    REQUIRE(batches[0].rejections.size() == 2);
    CHECK(batches[0].rejections[0].event == 3);
    CHECK(batches[0].rejections[0].reason ==
          "500 fail_processor_exception: boom; not retried after --document-tries and --document-retry-time");
    auto const asks = server.asks();
    CHECK(std::ranges::count_if(asks, [](bulk_ask const& ask) {
              return std::ranges::any_of(ask.documents, [](auto const& each) { return is_numbered(each.second, 3); });
          }) == 4);
    CHECK(sink->status().up);
    CHECK(gauge_of(sink->status(), "retry_queued_events_total") == 2);
    CHECK(gauge_of(sink->status(), "retry_queue_events") == 0);
}

TEST_CASE("others go on while a document that fails alone waits for its time", "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> broken{true};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(
            ask, [&](std::string_view document) { return broken && is_numbered(document, 3) ? boom : item_answer{}; });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 1;
    options.document_tries = 1;
    options.document_retry_time = 1h;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 10));
    for (std::uint64_t i = 1; i <= 20; ++i) {
        REQUIRE(write_documents(*sink, 10 * i, 10 * i + 10));
        REQUIRE(finished.wait(i).size() == i);
    }
    CHECK(sink->status().up);
    CHECK(gauge_of(sink->status(), "retry_queue_events") == 1);
    CHECK(gauge_of(sink->status(), "retry_queue_bytes") == static_cast<double>(2 + store_document(3).size()));
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 0);
    broken = false;
    CHECK(total_of(finished.wait(21)) == event_counts{.in = 210, .indexed = 210});
}

TEST_CASE("what the load of the target makes of a document does not count as an attempt", "[opensearch_sink]") {
    script_index index;
    std::atomic<int> busy{30};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view document) -> item_answer {
            if (!is_numbered(document, 3) || busy-- <= 0) return {};
            return {.status = 429, .type = "rejected_execution_exception", .reason = "full"};
        });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_tries = 1;
    options.document_retry_time = 0ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 10));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 10, .indexed = 10});
    CHECK(busy <= 0);
}

TEST_CASE("with the retry queue full the sink waits, and says so", "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> broken{true};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view document) {
            return broken && document < store_document(6) ? boom : item_answer{};
        });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 1;
    options.document_retry_time = 1h;
    options.retry_events_max = 2;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 9));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.starts_with("2 documents fail while others are stored, and the retry queue is full"));
    CHECK(gauge_of(sink->status(), "retry_queue_events") == 2);
    broken = false;
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 9, .indexed = 9});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("a target that is not ready pauses the sink, is probed with one document, and recovers",
          "[opensearch_sink]") {
    std::vector<item_answer> const faults{
        no_pipeline, boom,
        item_answer{.status = 400, .type = "illegal_argument_exception", .reason = "something is not as it must be"},
        item_answer{.status = 400, .type = "index_closed_exception", .reason = "closed"}};
    auto const& fault = faults.at(GENERATE(0U, 1U, 2U, 3U));
    script_index index;
    std::atomic<bool> ready{false};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view) { return ready ? item_answer{} : fault; });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_tries = 1;
    options.document_retry_time = 0ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 6; ++i) REQUIRE(write_documents(*sink, 100 * i, 100 * i + 100));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.starts_with("paused: "));
    CHECK(sink->status().reason.contains(fault.reason));
    REQUIRE(comes_true([&] { return gauge_of(sink->status(), "probes_total") >= 5; }));
    CHECK(server.asks().back().documents.size() == 1);
    CHECK(finished.count() == 0);
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 0);
    ready = true;
    CHECK(total_of(finished.wait(6)) == event_counts{.in = 600, .indexed = 600});
    CHECK(comes_true([&] { return sink->status().up; }));
    CHECK(index.documents().size() == 600);
}

TEST_CASE("documents that fail one after the other, each alone in its request, pause the sink as well",
          "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> ready{false};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view) { return ready ? item_answer{} : boom; });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_retry_time = 1h;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 5; ++i) {
        CHECK(sink->status().up);
        REQUIRE(write_documents(*sink, i, i + 1));
        REQUIRE(comes_true([&] {
            return gauge_of(sink->status(), "retry_queued_events_total") == static_cast<double>(i + 1) ||
                   !sink->status().up;
        }));
    }
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    ready = true;
    CHECK(total_of(finished.wait(5)) == event_counts{.in = 5, .indexed = 5});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("a few documents that are the only ones to fail do not pause the sink for ever", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(
            ask, [&](std::string_view document) { return document < store_document(5) ? boom : item_answer{}; });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_retry_time = 0ms;
    options.document_tries = 3;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 5));  // all that there is for now: it may be the target
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    REQUIRE(write_documents(*sink, 5, 9));  // it is not
    CHECK(total_of(finished.wait(2)) == event_counts{.in = 9, .indexed = 4});
    CHECK(comes_true([&] { return sink->status().up; }));
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 5);
}

TEST_CASE("a single document that is rejected, with no other beside it, waits until others show whose fault it is",
          "[opensearch_sink]") {
    item_answer const odd{.status = 400, .type = "illegal_argument_exception", .reason = "odd"};
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask,
                            [&](std::string_view document) { return is_numbered(document, 0) ? odd : item_answer{}; });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_retry_time = 1h;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 1));
    REQUIRE(comes_true([&] { return gauge_of(sink->status(), "documents_retried_total") >= 3; }));
    CHECK(sink->status().up);
    CHECK(finished.count() == 0);
    REQUIRE(write_documents(*sink, 1, 2));
    CHECK(total_of(finished.wait(2)) == event_counts{.in = 2, .indexed = 1});
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 1);
}

TEST_CASE("the breaker opens before a wrong mapping empties the topic into the dead letters, and closes by itself",
          "[opensearch_sink]") {
    script_index index;
    std::atomic<bool> wrong{true};
    bulk_script server{[&](bulk_ask const& ask) {
        return index.create(ask, [&](std::string_view) -> item_answer {
            if (!wrong) return {};
            return {.status = 400, .type = "mapper_parsing_exception", .reason = "wrong mapping"};
        });
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.requests_in_flight_max = 2;
    options.breaker_window = 20;
    options.breaker_rejects_min = 10;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 4));
    REQUIRE(finished.wait(1).size() == 1);
    REQUIRE(write_documents(*sink, 4, 100));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("10 of the last 10 documents were rejected"));
    REQUIRE(write_documents(*sink, 100, 104));
    REQUIRE(comes_true([&] { return gauge_of(sink->status(), "probes_total") >= 3; }));
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 10);
    CHECK(finished.count() == 1);
    wrong = false;
    CHECK(total_of(finished.wait(3)) == event_counts{.in = 104, .indexed = 94});
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 10);
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("a request that is rejected as a whole for one document is cut until that is found", "[opensearch_sink]") {
    script_index index;
    bulk_script server{[&](bulk_ask const& ask) {
        for (auto const& [id, document] : ask.documents)
            if (is_numbered(document, 5))
                return bulk_reply{.status = "400 Bad Request",
                                  .body = R"({"error":{"type":"parse_exception","reason":"odd"}})"};
        return index.create(ask);
    }};
    finished_batches finished;
    auto options = options_for(server);
    options.document_tries = 2;
    options.document_retry_time = 0ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_documents(*sink, 0, 8));
    std::atomic<bool> done{false};
    std::jthread others{[&] {
        for (std::uint64_t i = 8; !done && i < 100'000; ++i) {
            if (!write_documents(*sink, i, i + 1)) return;
            std::this_thread::yield();
        }
    }};
    CHECK(comes_true([&] { return gauge_of(sink->status(), "rejected_events_total") == 1; }));
    done = true;
    others.join();
    CHECK(comes_true([&] { return sink->status().up; }));
    CHECK(comes_true([&] { return index.documents().contains(store_id(7).text()); }));
}
