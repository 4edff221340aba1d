#include "support/catch.hpp"
#include "support/store_events.hpp"

#include "bulk_request.hpp"
#include "codec/gzip.hpp"

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::opensearch;
using namespace logpipe::test;

namespace {

pending_batch held_payload(std::string_view payload) {
    pending_batch pending;
    pending.events.append(pending.events.tag_index("app"), {.high = 1, .low = 2}, 0, payload);
    return pending;
}

}  // namespace

TEST_CASE("a body has an action with the id and a line for each document", "[bulk_request]") {
    pending_batch pending;
    pending.events = store_batch(0, 2);
    bulk_request request;
    request.add({.of = &pending, .row = 0});
    request.add({.of = &pending, .row = 1});
    std::string expected;
    for (std::uint64_t number = 0; number < 2; ++number)
        expected += R"({"create":{"_id":")" + store_id(number).text() + "\"}}\n" + store_document(number) + "\n";
    CHECK(request.body() == expected);
    CHECK(request.items().size() == 2);

    request.assign({{.of = &pending, .row = 1}});
    CHECK(request.body() == expected.substr(expected.size() / 2));
    CHECK(gunzip(request.wire_bytes(true), 1 << 20).value() == request.body());
    CHECK(request.wire_bytes(false) == request.body());
    request.clear();
    CHECK(request.empty());
    CHECK(request.body().empty());
}

TEST_CASE("a request is full by bytes or by events, and takes one document of any size", "[bulk_request]") {
    pending_batch pending;
    pending.events = store_batch(0, 3);
    bulk_item const first{.of = &pending, .row = 0};
    bulk_item const second{.of = &pending, .row = 1};
    bulk_request request;
    CHECK(request.fits(first, {.bytes_max = 10, .events_max = 1}));
    request.add(first);
    CHECK(request.body().size() == first.bytes());
    auto const both = first.bytes() + second.bytes();
    CHECK(request.fits(second, {.bytes_max = both, .events_max = 2}));
    CHECK_FALSE(request.fits(second, {.bytes_max = both - 1, .events_max = 2}));
    CHECK_FALSE(request.fits(second, {.bytes_max = both, .events_max = 1}));
}

TEST_CASE("a document of one of many indices names it", "[bulk_request]") {
    pending_batch pending;
    pending.events = store_batch(0, 1);
    std::string const index = "nginx-logs-2026.11.30";
    bulk_item const item{.of = &pending, .row = 0, .index = &index};
    bulk_request request;
    request.add(item);
    CHECK(request.body() == R"({"create":{"_index":"nginx-logs-2026.11.30","_id":")" + store_id(0).text() + "\"}}\n" +
                                store_document(0) + "\n");
    CHECK(request.body().size() == item.bytes());
}

TEST_CASE("a newline between tokens is sent as a space, so that the document stays one line", "[bulk_request]") {
    auto pending = held_payload("{\"a\":\n[1,\n2],\"b\":\"\\n\"}\n");
    CHECK(has_newline(pending.events.payload(pending.events.events[0])));
    CHECK_FALSE(unusable_reason(pending.events.payload(pending.events.events[0]), true));
    bulk_request request;
    request.add({.of = &pending, .row = 0, .has_newline = true});
    CHECK(request.body().ends_with("\n{\"a\": [1, 2],\"b\":\"\\n\"} \n"));
}

TEST_CASE("what cannot stand as a line of a body is named", "[bulk_request]") {
    auto const reason = [](std::string_view payload) { return unusable_reason(payload, has_newline(payload)); };
    CHECK(reason("") == "empty");
    CHECK(reason(" \n\t") == "empty");
    CHECK(reason("[1]") == "not a JSON object");
    CHECK(reason("{\"a\":1") == "not a JSON object");
    CHECK(reason("{\"a\":1} x") == "not a JSON object");
    CHECK(reason("\"{}\"") == "not a JSON object");
    CHECK(reason("{\"a\":\"x\ny\"}") == "not JSON: a raw newline within a text");
    CHECK(reason("{\"a\\\"\":\"\\\\\",\n\"b\":\"x\ny\"}") == "not JSON: a raw newline within a text");
    CHECK_FALSE(reason(" {} "));
    CHECK_FALSE(reason("{\"a\\\"\":\"\\\\\",\n\"b\":1}"));
}
