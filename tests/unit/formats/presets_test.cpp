// The mappings that --mapping knows by name, and splits.
#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <memory>
#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::string_view combined =
    R"(192.0.2.7 - anna [31/Jan/2026:01:31:39 +0000] "GET /a?b=1 HTTP/1.1" 200 7 "https://example.org/" "curl/8.5.0")";

std::string made(document_mapping const& by, std::string_view line) {
    auto const change = make_normalize({.table = by.table, .timestamp = timestamp_from::line});
    batch one;
    one.append(one.tag_index("app"), {.high = 1, .low = 2}, 0, line).received_ns = 1'769'823'099'995'000'000;
    change->apply(one);
    if (!one.rejections.empty()) return "rejected: " + one.rejections.front().reason;
    return std::string{one.payload(one.events.front())};
}

std::string made(std::string_view name, std::string_view line) {
    auto const* by = built_in_mapping(name);
    REQUIRE(by != nullptr);
    return made(*by, line);
}

document_mapping parsed(std::string_view toml) {
    auto read = parse_mapping(toml, "m.toml");
    INFO((read ? "" : read.error().message));
    REQUIRE(read.has_value());
    return *std::move(read);
}

}  // namespace

TEST_CASE("the built-in mappings have names, and are printed as they are", "[presets]") {
    CHECK(built_in_mapping_names() == std::vector<std::string_view>{"nginx", "ecs", "otel"});
    CHECK(built_in_mapping("nginx") == &nginx_mapping());
    CHECK(built_in_mapping("other") == nullptr);
    for (auto const name : built_in_mapping_names())
        CHECK(parsed(to_toml(*built_in_mapping(name))) == *built_in_mapping(name));
}

TEST_CASE("a combined line by the mapping ecs", "[presets]") {
    CHECK(
        made("ecs", combined) ==
        R"({"@timestamp":"2026-01-31T01:31:39.000Z","ecs":{"version":"8.11.0"},)"
        R"("event":{"kind":"event","category":"web","type":"access"},"source":{"ip":"192.0.2.7"},"user":{"name":"anna"},)"
        R"("http":{"request":{"method":"GET","referrer":"https://example.org/"},)"
        R"("response":{"status_code":200,"body":{"bytes":7}},"version":"1.1"},"url":{"original":"/a?b=1"},)"
        R"("user_agent":{"original":"curl/8.5.0"},"time":1769823099000,)"
        R"("labels":{"time_local":"31/Jan/2026:01:31:39 +0000"}})");
}

TEST_CASE("a combined line by the mapping otel", "[presets]") {
    CHECK(made("otel", combined) ==
          R"({"@timestamp":"2026-01-31T01:31:39.000Z","client":{"address":"192.0.2.7"},"enduser":{"id":"anna"},)"
          R"("http":{"request":{"method":"GET","header":{"referer":"https://example.org/"}},)"
          R"("response":{"status_code":200,"body":{"size":7}}},"network":{"protocol":{"version":"1.1"}},)"
          R"("url":{"original":"/a?b=1"},"server":{},"user_agent":{"original":"curl/8.5.0"},"time":1769823099000,)"
          R"("attributes":{"time_local":"31/Jan/2026:01:31:39 +0000"}})");
}

TEST_CASE("region and asset id are of the mapping nginx alone", "[presets]") {
    CHECK(made("nginx", combined).contains("assetid"));
    for (auto const* name : {"ecs", "otel"}) {
        CHECK_FALSE(made(name, combined).contains("assetid"));
        CHECK_FALSE(made(name, combined).contains("region"));
        CHECK_FALSE(made(name, combined).contains("us-east"));
        auto const& fields = built_in_mapping(name)->documents;
        CHECK(fields.time);
        CHECK(fields.status);
        CHECK(fields.size);
        CHECK(fields.unique);
    }
}

TEST_CASE("names that a line has itself are better than parts of its request", "[presets]") {
    auto const document = made("ecs", R"({"request":"GET /a HTTP/1.1","method":"POST","status":200})");
    CAPTURE(document);
    CHECK(document.contains(R"("method":"POST")"));
    CHECK(document.contains(R"("original":"/a")"));
}

TEST_CASE("a text is split into keys that the line then has", "[presets]") {
    auto const by = parsed(R"(
        name = "m"
        format = "json"
        [[split]]
        from = ["pair", "couple"]
        by = "/"
        into = ["left", "right"]
        [[split]]
        from = "right"
        by = ", "
        into = ["", "last"]
        [[field]]
        path = "of.left"
        from = "left"
        [[field]]
        path = "list"
        from = "tags"
        convert = "list"
    )");
    CHECK(made(by, R"({"pair":"a/b","x":1})") == R"({"of":{"left":"a"},"x":1,"right":"b"})");
    CHECK(made(by, R"({"couple":"a\/b, \"c\""})") == R"({"of":{"left":"a"},"last":"\"c\""})");
    // Of another number of parts, or not a text: it stays what it is.
    CHECK(made(by, R"({"pair":"a"})") == R"({"of":{},"pair":"a"})");
    CHECK(made(by, R"({"pair":"a/b/c"})") == R"({"of":{},"pair":"a/b/c"})");
    CHECK(made(by, R"({"pair":7})") == R"({"of":{},"pair":7})");
    CHECK(made(by, R"({"tags":" a, b ,,\"c\""})") == R"({"of":{},"list":["a","b","\"c\""]})");
    CHECK(made(by, R"({"tags":7})") == R"({"of":{},"list":7})");
    CHECK(parsed(to_toml(by)) == by);
}

TEST_CASE("what is wrong with a split is named", "[presets]") {
    auto const mistakes = [](std::string const& toml) {
        return parse_mapping("name = \"m\"\n[[split]]\n" + toml, "m.toml").error().message;
    };
    CHECK(mistakes("by = \" \"\ninto = [\"a\", \"b\"]\n").contains("from: name a key of the line"));
    CHECK(mistakes("from = \"x\"\ninto = [\"a\", \"b\"]\n").contains("by: a split needs"));
    CHECK(mistakes("from = \"x\"\nby = \" \"\ninto = [\"a\"]\n").contains("into: from 2 to 64 keys"));
}
