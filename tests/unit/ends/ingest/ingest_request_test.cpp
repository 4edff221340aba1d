#include "ingest_request.hpp"

#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::ingest;

namespace {

request_facts post(std::string target = "/ingest") {
    return {.method = "POST", .target = std::move(target)};
}

ingest_rules const rules{.token = "", .tag_default = "app.follow"};

ingest_request taken(request_facts const& facts) {
    auto const verdict = judge(facts, rules);
    REQUIRE(std::holds_alternative<ingest_request>(verdict));
    return std::get<ingest_request>(verdict);
}

http_reply refused(request_facts const& facts, ingest_rules const& by = rules) {
    auto const verdict = judge(facts, by);
    REQUIRE(std::holds_alternative<http_reply>(verdict));
    return std::get<http_reply>(verdict);
}

}  // namespace

TEST_CASE("a tag comes from the query, from the header or from the options, and is checked", "[ingest]") {
    CHECK(taken(post()).tag == "app.follow");
    CHECK(taken(post("/ingest?tag=edge.web-1_a")).tag == "edge.web-1_a");
    auto by_header = post();
    by_header.tag = "of.header";
    CHECK(taken(by_header).tag == "of.header");
    by_header.target = "/ingest?tag=of.query";
    CHECK(taken(by_header).tag == "of.query");
    for (auto const* const target : {"/ingest?tag=a/b", "/ingest?tag=a%20b", "/ingest?other=1", "/ingest?tag=a&tag=b"})
        CHECK(refused(post(target)).status == 400);
    CHECK(refused(post("/ingest?tag=" + std::string(129, 'x'))).status == 400);
}

TEST_CASE("the type of the body decides how it is split", "[ingest]") {
    auto const kind_of = [](std::string type) {
        auto facts = post();
        facts.content_type = std::move(type);
        return taken(facts).kind;
    };
    CHECK(kind_of("") == body_kind::lines);
    CHECK(kind_of("text/plain; charset=utf-8") == body_kind::lines);
    CHECK(kind_of("application/x-ndjson") == body_kind::lines);
    CHECK(kind_of("Application/JSON") == body_kind::json);
    auto form = post();
    form.content_type = "application/x-www-form-urlencoded";
    CHECK(refused(form).status == 415);
    auto deflated = post();
    deflated.content_encoding = "deflate";
    CHECK(refused(deflated).status == 415);
}

TEST_CASE("other paths, methods, tokens and web pages are refused with what to do", "[ingest]") {
    CHECK(refused(post("/")).status == 404);
    auto get = post();
    get.method = "GET";
    CHECK(refused(get).status == 405);
    CHECK(refused(get).more_fields == "Allow: POST\r\n");
    ingest_rules const secret{.token = "sesame", .tag_default = "t"};
    auto facts = post();
    for (auto const* const given : {"", "sesame", "Bearer sesam", "Bearer sesame ", "bearer sesame", "Basic sesame"}) {
        facts.authorization = given;
        CHECK(refused(facts, secret).status == 401);
    }
    facts.authorization = "Bearer sesame";
    facts.has_origin = true;
    CHECK(std::holds_alternative<ingest_request>(judge(facts, secret)));
    CHECK(refused(facts).status == 403);
    auto twice = post();
    twice.is_ambiguous = true;
    CHECK(refused(twice).status == 400);
    auto long_key = post();
    long_key.idempotency_key = std::string(257, 'k');
    CHECK(refused(long_key).status == 400);
}

TEST_CASE("a compressed body is bounded by what it becomes", "[ingest]") {
    std::string const body(100'000, 'x');
    for (auto const& [coding, bytes] :
         {std::pair{body_coding::gzip, codec::gzip(body)}, std::pair{body_coding::zstd, codec::zstd(body)}}) {
        CHECK(std::get<std::string>(decompressed(bytes, coding, 100'000)) == body);
        CHECK(std::get<http_reply>(decompressed(bytes, coding, 99'999)).status == 413);
        CHECK(std::get<http_reply>(decompressed(bytes.substr(0, bytes.size() / 2), coding, 100'000)).status == 400);
        CHECK(std::get<http_reply>(decompressed("not compressed", coding, 100'000)).status == 400);
    }
    CHECK(std::get<std::string>(decompressed(body, body_coding::plain, 1)) == body);
}
