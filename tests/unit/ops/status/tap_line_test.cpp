#include "logpipe/tap.hpp"

#include "status/tap_line.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::status;

namespace {

tapped_event with_payload(std::string payload) {
    return {.where = "index/normalize",
            .id = {},
            .tag = "app.follow",
            .time_ns = 1'769'823'099'995'000'000,
            .received_ns = 0,
            .origin = "journal nginx-logs offset 7",
            .payload = std::move(payload),
            .rejected = {}};
}

}  // namespace

TEST_CASE("a tapped event is one line of JSON with its payload as it is", "[tap]") {
    CHECK(to_json_line(with_payload(R"({"response": 200})")) ==
          R"({"stage":"index/normalize","tag":"app.follow","time":"2026-01-31T01:31:39.995Z",)"
          R"("origin":"journal nginx-logs offset 7","event":{"response": 200}})"
          "\n");
}

TEST_CASE("a payload that is not JSON, or no text, or has line feeds, still makes one valid line", "[tap]") {
    CHECK_THAT(to_json_line(with_payload("not \"json\"\n")), ContainsSubstring(R"("text":"not \"json\"\n"})"));
    CHECK_THAT(to_json_line(with_payload("\xff\xfe")), ContainsSubstring(R"("base64":"//4="})"));
    CHECK_THAT(to_json_line(with_payload("{\"a\":\n1}")), ContainsSubstring(R"("event":{"a": 1}})"));
}

TEST_CASE("a rejected event says why", "[tap]") {
    auto event = with_payload("nope");
    event.rejected = "not a JSON object";
    CHECK_THAT(to_json_line(event), ContainsSubstring(R"("rejected":"not a JSON object")"));
    CHECK_THAT(to_readable_line(event), ContainsSubstring("app.follow REJECTED (not a JSON object) nope\n"));
}

TEST_CASE("the readable form cannot drive a terminal", "[tap]") {
    auto const line = to_readable_line(with_payload("a\x1b[2Jb\nc"));
    CHECK_THAT(line, ContainsSubstring("a [2Jb c\n"));
    CHECK(line.find('\x1b') == std::string::npos);
}
