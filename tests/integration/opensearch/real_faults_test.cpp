// Whose fault a failure is, by what a real server says: the target's, which pauses the sink, or the document's.
#include "support/catch.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/store_events.hpp"

#include "real_server.hpp"

using namespace logpipe;
using namespace logpipe::net;
using namespace logpipe::opensearch;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

/// An ingest pipeline that is gone with it.
class real_pipeline final {
  public:
    explicit real_pipeline(std::string const& name) : path_{"/_ingest/pipeline/" + name} {}
    ~real_pipeline() { static_cast<void>(client_.send({.method = "DELETE", .path = path_, .body = {}})); }
    real_pipeline(real_pipeline const&) = delete;
    real_pipeline& operator=(real_pipeline const&) = delete;

    void put(std::string_view processors) {
        auto const body = fmt::format(R"({{"processors":[{}]}})", processors);
        REQUIRE(fetch_body(client_, {.method = "PUT", .path = path_, .body = body}).has_value());
    }

  private:
    std::string path_;
    net::http_client client_ = client_of_real_server();
};

void post_aliases(std::string const& actions) {
    auto client = client_of_real_server();
    auto const body = fmt::format(R"({{"actions":[{}]}})", actions);
    REQUIRE(fetch_body(client, {.method = "POST", .path = "/_aliases", .body = body}).has_value());
}

bool write_store_documents(sink& to, std::uint64_t begin, std::uint64_t end) {
    auto events = store_batch(begin, end);
    return to.write(events).has_value() && to.flush().has_value();
}

}  // namespace

TEST_CASE("an index whose ingest pipeline is missing pauses the sink, and creating it lets all go on", "[opensearch]") {
    real_index index;
    real_pipeline pipeline{index.name()};
    auto const* const setting = GENERATE("index.default_pipeline", "index.final_pipeline");
    index.ask("PUT", "", fmt::format(R"({{"settings":{{"{}":"{}"}}}})", setting, index.name()));
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_store_documents(*sink, 0, 300));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("pipeline with id [" + index.name() + "] does not exist"));
    CHECK(sink->status().reason.contains("create that ingest pipeline"));
    REQUIRE(comes_true([&] { return gauge_of(sink->status(), "probes_total") >= 3; }));
    CHECK(finished.count() == 0);
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 0);
    pipeline.put(R"({"set":{"field":"seen","value":true}})");
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 300, .indexed = 300});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("an alias without a write index pauses the sink until it has one", "[opensearch]") {
    real_index index;
    real_index other;
    index.ask("PUT", "");
    other.ask("PUT", "");
    auto const alias = index.name() + "-alias";
    for (auto const& name : {index.name(), other.name()})
        post_aliases(fmt::format(R"({{"add":{{"index":"{}","alias":"{}"}}}})", name, alias));
    finished_batches finished;
    auto options = index.options();
    options.index = alias;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_store_documents(*sink, 0, 10));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(sink->status().reason.contains("no write index is defined for alias"));
    CHECK(sink->status().reason.contains("is_write_index"));
    CHECK(finished.count() == 0);
    post_aliases(fmt::format(R"({{"add":{{"index":"{}","alias":"{}","is_write_index":true}}}})", index.name(), alias));
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 10, .indexed = 10});
    CHECK(comes_true([&] { return sink->status().up; }));
}

TEST_CASE("documents that an ingest pipeline fails become dead letters, and the others are not stopped",
          "[opensearch]") {
    real_index index;
    real_pipeline pipeline{index.name()};
    // Four of them: as many as there are connections.
    pipeline.put(R"({"fail":{"if":"ctx.time % 50 == 0","message":"poison"}})");
    index.ask("PUT", "", fmt::format(R"({{"settings":{{"index.default_pipeline":"{}"}}}})", index.name()));
    finished_batches finished;
    auto options = index.options();
    options.document_tries = 3;
    options.document_retry_time = 500ms;
    auto const sink = make_opensearch_sink(options);
    REQUIRE(sink->open(finished).has_value());
    for (std::uint64_t i = 0; i < 4; ++i) REQUIRE(write_store_documents(*sink, 50 * i, 50 * i + 50));
    REQUIRE(comes_true([&] { return gauge_of(sink->status(), "indexed_events_total") == 196; }));
    auto const batches = finished.wait(4);
    REQUIRE(batches.size() == 4);
    CHECK(total_of(batches) == event_counts{.in = 200, .indexed = 196});
    for (auto const& each : batches) {
        REQUIRE(each.rejections.size() == 1);
        CHECK(each.rejections[0].event == 0);
        CHECK(each.rejections[0].reason.starts_with("500 fail_processor_exception: poison; not retried after "));
    }
    CHECK(sink->status().up);
}

TEST_CASE("a pipeline that fails every document pauses the sink", "[opensearch]") {
    real_index index;
    real_pipeline pipeline{index.name()};
    auto const* const processor = GENERATE(R"({"fail":{"message":"all of them"}})", R"({"pipeline":{"name":"gone"}})",
                                           R"({"script":{"source":"ctx.q = ctx.nope.length() + 1"}})");
    pipeline.put(processor);
    index.ask("PUT", "", fmt::format(R"({{"settings":{{"index.default_pipeline":"{}"}}}})", index.name()));
    finished_batches finished;
    auto const sink = make_opensearch_sink(index.options());
    REQUIRE(sink->open(finished).has_value());
    REQUIRE(write_store_documents(*sink, 0, 100));
    REQUIRE(comes_true([&] { return !sink->status().up; }));
    CHECK(gauge_of(sink->status(), "rejected_events_total") == 0);
    pipeline.put(R"({"set":{"field":"seen","value":true}})");
    CHECK(total_of(finished.wait(1)) == event_counts{.in = 100, .indexed = 100});
}
