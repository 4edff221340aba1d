#include "support/catch.hpp"

#include "bulk_response.hpp"

#include <fmt/format.h>

using namespace logpipe;
using namespace logpipe::opensearch;

namespace {

bulk_outcome read(unsigned status, std::string body, std::size_t count) {
    bulk_response_reader reader;
    bulk_outcome outcome;
    reader.read(status, body, count, outcome);
    return outcome;
}

std::string item(unsigned status, std::string_view type = {}, std::string_view reason = {}) {
    if (type.empty()) return fmt::format(R"({{"create":{{"status":{}}}}})", status);
    return fmt::format(R"({{"create":{{"status":{},"error":{{"type":"{}","reason":"{}"}}}}}})", status, type, reason);
}

}  // namespace

TEST_CASE("each item of a mixed response has its own fate", "[bulk_response]") {
    auto const outcome =
        read(200,
             R"({"errors":true,"items":[)" + item(201) + "," + item(409, "version_conflict_engine_exception", "there") +
                 "," + item(429, "rejected_execution_exception", "full") + "," +
                 item(400, "mapper_parsing_exception", "failed to parse \\\"x\\\"") + "," +
                 item(403, "security_exception", "no") + "," + item(200) + "]}",
             6);
    CHECK(outcome.request == request_fate::per_item);
    CHECK(outcome.items == std::vector{item_fate::indexed, item_fate::duplicate, item_fate::retry, item_fate::rejected,
                                       item_fate::pause, item_fate::indexed});
    REQUIRE(outcome.reasons.size() == 3);
    CHECK((outcome.reasons[0].item == 2 && outcome.reasons[1].item == 3 && outcome.reasons[2].item == 4));
    CHECK(outcome.reasons[0].words == "429 rejected_execution_exception: full");
    CHECK(outcome.reasons[1].words == "400 mapper_parsing_exception: failed to parse \"x\"");
    CHECK((!outcome.reasons[0].names_document && outcome.reasons[1].names_document));
}

TEST_CASE("what an item's status, type and reason mean", "[bulk_response]") {
    auto const fate = [](std::uint64_t status, std::string_view type, std::string_view reason = {}) {
        return fate_of_item(status, type, reason);
    };
    for (unsigned const status : {408U, 429U}) CHECK(fate(status, "anything") == item_fate::retry);
    for (unsigned const status : {500U, 502U, 503U, 504U}) CHECK(fate(status, "anything") == item_fate::failed);
    CHECK(fate(503, "process_cluster_event_timeout_exception") == item_fate::retry);
    CHECK(fate(503, "unavailable_shards_exception") == item_fate::retry);
    CHECK(fate(500, "node_closed_exception") == item_fate::retry);
    CHECK(fate(403, "cluster_block_exception") == item_fate::retry);
    CHECK(fate(409, "version_conflict_engine_exception") == item_fate::duplicate);
    CHECK(fate(409, "") == item_fate::retry);
    CHECK(fate(401, "") == item_fate::pause);
    CHECK(fate(403, "security_exception") == item_fate::pause);
    CHECK(fate(404, "index_not_found_exception") == item_fate::pause);
    CHECK(fate(400, "index_closed_exception") == item_fate::pause);
    CHECK(fate(400, "validation_exception") == item_fate::pause);
    CHECK(fate(400, "illegal_argument_exception", "pipeline with id [x] does not exist") == item_fate::pause);
    CHECK(fate(400, "illegal_argument_exception", "no write index is defined for alias [a]. The") == item_fate::pause);
    CHECK(fate(500, "illegal_state_exception", "Pipeline processor configured for non-existent pipeline [x]") ==
          item_fate::pause);
    CHECK(fate(400, "illegal_argument_exception") == item_fate::rejected);
    CHECK(fate(400, "document_parsing_exception") == item_fate::rejected);
    CHECK(fate(413, "") == item_fate::rejected);
    CHECK(fate(302, "") == item_fate::retry);
}

TEST_CASE("a reason that names a field is about the document", "[bulk_response]") {
    CHECK(names_document("400 mapper_parsing_exception: failed to parse: Unexpected end-of-input"));
    CHECK(names_document("400 illegal_argument_exception: mapper [a.b] cannot be changed from type [long] to [text]"));
    CHECK(names_document("400 illegal_argument_exception: field [zz] doesn't exist"));
    CHECK_FALSE(names_document("400 illegal_argument_exception: Limit of total fields [1000] has been exceeded"));
    CHECK_FALSE(names_document("500 fail_processor_exception: boom"));
    CHECK_FALSE(names_document("400 script_exception: runtime error"));
}

TEST_CASE("what the status of a whole response means", "[bulk_response]") {
    for (unsigned const status : {408U, 429U, 500U, 502U, 503U, 504U})
        CHECK(fate_of_request(status, "") == request_fate::retry);
    CHECK(fate_of_request(403, "cluster_block_exception") == request_fate::retry);
    for (unsigned const status : {301U, 400U, 401U, 403U, 404U, 405U})
        CHECK(fate_of_request(status, "") == request_fate::pause);
    CHECK(fate_of_request(413, "") == request_fate::split);
    auto const refused = read(
        400, R"({"error":{"root_cause":[],"type":"illegal_argument_exception","reason":"Malformed"},"status":400})", 1);
    CHECK(refused.request == request_fate::pause);
    CHECK(refused.reason == "HTTP 400: illegal_argument_exception: Malformed");
    CHECK(read(401, "Unauthorized", 1).reason == "HTTP 401: Unauthorized");
    CHECK(read(502, "<html>\r\n<head>", 1).reason == "HTTP 502: <html>");
    CHECK(read(405, R"({"error":"Incorrect HTTP method","status":405})", 1).reason ==
          "HTTP 405: Incorrect HTTP method");
    CHECK(read(503, "", 1).reason == "HTTP 503");
    CHECK(read(503, "\xff", 1).reason == "HTTP 503");
}

TEST_CASE("a response that is cut off or does not add up is retried", "[bulk_response]") {
    auto const whole = R"({"errors":false,"items":[)" + item(201) + "," + item(201) + "]}";
    REQUIRE(read(200, whole, 2).request == request_fate::per_item);
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        INFO(bytes);
        CHECK(read(200, whole.substr(0, bytes), 2).request == request_fate::retry);
    }
    CHECK(read(200, whole + "x", 2).request == request_fate::retry);
    CHECK(read(200, whole, 1).request == request_fate::retry);
    CHECK(read(200, whole, 3).reason == "the response has 2 items, 3 were sent");
    CHECK(read(200, R"({"errors":false})", 1).request == request_fate::retry);
    CHECK(read(200, R"({"items":[{"create":{}}]})", 1).request == request_fate::retry);
    CHECK(read(200, R"({"items":[{}]})", 1).request == request_fate::retry);
    CHECK(read(200, R"({"items":[{"create":{"status":"201"}}]})", 1).request == request_fate::retry);
    CHECK(read(200, R"({"items":[{"create":{"status":99}}]})", 1).request == request_fate::retry);
    CHECK(read(200, R"({"items":[)" + item(201) + R"(],"items":[)" + item(201) + "]}", 1).request ==
          request_fate::retry);
}

TEST_CASE("an unfiltered response is understood as well", "[bulk_response]") {
    auto const outcome =
        read(200,
             R"({"took":3,"errors":true,"items":[{"create":{"_index":"a","_id":"x","_version":1,"result":"created",)"
             R"("_shards":{"total":1},"_seq_no":0,"status":201}},{"create":{"_index":"a","status":400,"error":{"type":)"
             R"("mapper_parsing_exception","reason":null,"caused_by":{"type":"t","reason":"r"}}}}]})",
             2);
    CHECK(outcome.items == std::vector{item_fate::indexed, item_fate::rejected});
}

TEST_CASE("the reasons of an error's causes are in its words, in one line", "[bulk_response]") {
    auto const outcome =
        read(200,
             R"({"errors":true,"items":[{"create":{"status":400,"error":{"type":"mapper_parsing_exception","reason":)"
             R"("failed to parse","caused_by":{"type":"json_parse_exception","reason":"Duplicate field 'a'\n at x",)"
             R"("caused_by":{"reason":"deeper","caused_by":{"reason":"deepest","caused_by":{"reason":"beyond"}}}}}}},)"
             R"({"create":{"status":400,"error":{"caused_by":{"reason":null},"reason":null,"type":"t"}}}]})",
             2);
    REQUIRE(outcome.reasons.size() == 2);
    CHECK(outcome.reasons[0].words ==
          "400 mapper_parsing_exception: failed to parse: Duplicate field 'a'  at x: deeper: deepest");
    CHECK(outcome.reasons[1].words == "400 t: ");
    CHECK(read(400, R"({"error":{"type":"t","reason":"r","caused_by":{"type":"u","reason":"s"}},"status":400})", 1)
              .reason == "HTTP 400: t: r: s");
}

TEST_CASE("a long reason is cut at a character, and leaves room for its cause", "[bulk_response]") {
    std::string words;
    for (int i = 0; i < 1000; ++i) words += "ä";
    auto const outcome = read(200, R"({"errors":true,"items":[)" + item(400, "t", words) + "]}", 1);
    REQUIRE(outcome.reasons.size() == 1);
    CHECK(outcome.reasons[0].words == "400 t: " + words.substr(0, 948) + "…");
    auto const caused = read(200,
                             R"({"errors":true,"items":[{"create":{"status":400,"error":{"type":"t","reason":")" +
                                 words + R"(","caused_by":{"reason":"the cause"}}}}]})",
                             1);
    CHECK(caused.reasons[0].words.ends_with("…: the cause"));
    CHECK(caused.reasons[0].words.size() <= 960);
}
