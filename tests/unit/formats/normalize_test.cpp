#include "formats/normalize.hpp"

#include "support/catch.hpp"
#include "support/nginx_lines.hpp"

#include <simdjson.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr std::int64_t received_ns = 1'769'823'099'995'123'456;
constexpr event_id first_id{.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};

/// What the transform made of one line: the document, or why not.
struct outcome {
    std::string document;
    std::string reason;
};

outcome normalized(std::string_view line, normalize_options options = {}, std::int64_t time_ns = 0,
                   std::int64_t received = received_ns, event_id id = first_id) {
    batch one;
    auto& row = one.append(one.tag_index("app.follow"), id, time_ns, line);
    row.received_ns = received;
    auto const change = make_normalize(std::move(options));
    change->apply(one);
    REQUIRE(one.transformed);
    if (one.events[0].rejected) {
        REQUIRE(one.rejections.size() == 1);
        REQUIRE(one.rejections[0].stage == "normalize");
        REQUIRE(one.documents.empty());
        return {.document = {}, .reason = one.rejections[0].reason};
    }
    REQUIRE(one.rejections.empty());
    std::string const document{one.payload(one.events[0])};
    simdjson::dom::parser parser;
    REQUIRE(parser.parse(document).error() == simdjson::SUCCESS);
    return {.document = document, .reason = {}};
}

std::string document(std::string_view line) {
    auto const made = normalized(line);
    REQUIRE(made.reason.empty());
    return made.document;
}

std::string reason(std::string_view line, normalize_options options = {}) {
    auto const made = normalized(line, std::move(options));
    REQUIRE(made.document.empty());
    REQUIRE_FALSE(made.reason.empty());
    return made.reason;
}

/// Of JSON and nothing else.
normalize_options strict() {
    normalize_options options{.strict_lines = true};
    options.table.format = "json";
    return options;
}

/// What follows `event` and the id's fields in each document of these tests.
constexpr std::string_view tail =
    R"(,"@version":"1","@timestamp":"2026-01-31T01:31:39.995123456Z","time":1769823099995,"index":"nginx","sourcetype":"nginx")";

bool ends_with(std::string const& text, std::string const& end) {
    return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool begins_with(std::string const& text, std::string_view begin) {
    return std::string_view{text}.starts_with(begin);
}

}  // namespace

TEST_CASE("a line becomes the nginx document, field for field", "[normalize]") {
    auto const made =
        document(R"({"time": "17/May/2015:08:05:32 +0000", "remote_ip": "93.180.71.3", "remote_user": "-", )"
                 R"("request": "GET /downloads/product_1 HTTP/1.1", "response": 304, "bytes": 0, "referrer": "-", )"
                 R"("agent": "Debian APT-HTTP/1.3"})");
    REQUIRE(
        made ==
        R"({"event":{"remote_ip":"93.180.71.3","remote_user":"-","request":"GET /downloads/product_1 HTTP/1.1",)"
        R"("response":304,"bytes":0,"referrer":"-","agent":"Debian APT-HTTP/1.3"},)"
        R"("fields":{"region":"eu-central-1","assetid":"729fab7ea7d788c65117ad1e7f78817f"},"@version":"1",)"
        R"("@timestamp":"2026-01-31T01:31:39.995123456Z","time":1769823099995,"index":"nginx","sourcetype":"nginx"})");
}

TEST_CASE("the event's fields stand in the mapping's order, whatever the line's", "[normalize]") {
    REQUIRE(begins_with(document(R"({"agent":"a","bytes":1,"remote_ip":"i","response":200})"),
                        R"({"event":{"remote_ip":"i","response":200,"bytes":1,"agent":"a"},"fields":)"));
}

TEST_CASE("missing fields are left out, not invented", "[normalize]") {
    REQUIRE(begins_with(document("{}"), R"({"event":{},"fields":{"region":)"));
    REQUIRE(begins_with(document(R"({"bytes":7})"), R"({"event":{"bytes":7},"fields":)"));
}

TEST_CASE("other top-level keys stay at the top level, in their order, after ours", "[normalize]") {
    REQUIRE(ends_with(document(R"({"serial":17,"bytes":1,"z":null,"a":{"b":[1, 2]}})"),
                      std::string{tail} + R"(,"serial":17,"z":null,"a":{"b":[1, 2]}})"));
}

TEST_CASE("a key of the line that one of ours takes stays under another name", "[normalize]") {
    auto const made = document(R"({"index":"x","@timestamp":"y","fields":1,"event":"e","@version":2,"sourcetype":3})");
    REQUIRE(ends_with(made, std::string{tail} +
                                R"(,"index_original":"x","@timestamp_original":"y","fields_original":1,)"
                                R"("event_original":"e","@version_original":2,"sourcetype_original":3})"));
    REQUIRE_THAT(reason(R"({"index":"x","index_original":"y"})"), ContainsSubstring("index_original"));
}

TEST_CASE("values are carried as they stand, whatever their type", "[normalize]") {
    SECTION("a number where a text was, and the other way round") {
        REQUIRE(begins_with(document(R"({"remote_ip":5,"response":"304","bytes":-1.50e+3})"),
                            R"({"event":{"remote_ip":5,"response":"304","bytes":-1.50e+3},)"));
    }
    SECTION("arrays and words") {
        REQUIRE(begins_with(document(R"({"request": [1, "}"] , "agent":[ ], "referrer":true})"),
                            R"({"event":{"request":[1, "}"],"referrer":true,"agent":[ ]},)"));
    }
    SECTION("an object, which no index takes for a text, stays beside the fields") {
        REQUIRE(
            document(R"({"agent": {"a": [1, {"b":"}"}]}, "bytes":1})").ends_with(R"(,"agent":{"a": [1, {"b":"}"}]}})"));
    }
    SECTION("escapes, and characters beyond ASCII") {
        REQUIRE(begins_with(document(R"({"agent":"\"\u00e4\ud83d\ude00\/ äß"})"),
                            R"({"event":{"agent":"\"\u00e4\ud83d\ude00\/ äß"},)"));
    }
    SECTION("space around everything") {
        REQUIRE(begins_with(document(" { \"bytes\" : 1 , \"agent\" : \"a\" }\t\r\n"),
                            R"({"event":{"bytes":1,"agent":"a"},)"));
    }
}

TEST_CASE("a key is the same key when it is spelled with escapes", "[normalize]") {
    REQUIRE(begins_with(document(R"({"\u0061gent":"a"})"), R"({"event":{"agent":"a"},)"));
    REQUIRE(ends_with(document(R"({"k\u0061\"":1})"), R"(,"k\u0061\"":1})"));
    REQUIRE_THAT(reason(R"({"agent":"a","\u0061gent":"b"})"), ContainsSubstring(R"(duplicate key "agent")"));
    REQUIRE_THAT(reason(R"({"other":"a","\u006fther":"b"})"), ContainsSubstring(R"(duplicate key "other")"));
}

TEST_CASE("a duplicate key sends the line to the dead letters", "[normalize]") {
    REQUIRE_THAT(reason(R"({"bytes":1,"bytes":1})"), ContainsSubstring(R"(duplicate key "bytes")"));
    REQUIRE_THAT(reason(R"({"time":"a","bytes":1,"time":"b"})"), ContainsSubstring(R"(duplicate key "time")"));
    REQUIRE_THAT(reason(R"({"x":1,"y":2,"x":3})"), ContainsSubstring(R"(duplicate key "x")"));
}

TEST_CASE("where only JSON is expected, what is not one object is rejected with the reason", "[normalize]") {
    REQUIRE_THAT(reason("", strict()), ContainsSubstring("empty"));
    REQUIRE_THAT(reason(" \t", strict()), ContainsSubstring("empty"));
    REQUIRE_THAT(reason("hello", strict()), ContainsSubstring("not a JSON object"));
    REQUIRE_THAT(reason("[1,2]", strict()), ContainsSubstring("not a JSON object"));
    REQUIRE_THAT(reason("7", strict()), ContainsSubstring("not a JSON object"));
    REQUIRE_THAT(reason("<!DOCTYPE html><html></html>", strict()), ContainsSubstring("not a JSON object"));
    REQUIRE_THAT(reason("\xef\xbb\xbf{}", strict()), ContainsSubstring("not a JSON object"));
    REQUIRE_THAT(reason(R"({"agent":"a)", strict()), ContainsSubstring("cut off"));
    REQUIRE_THAT(reason(R"({"agent":"a")", strict()), ContainsSubstring("cut off"));
    REQUIRE_THAT(reason(R"({"agent":{"a":1})", strict()), ContainsSubstring("not JSON"));
    REQUIRE_THAT(reason("{\"agent\":\"\xff\"}", strict()), ContainsSubstring("not UTF-8"));
    REQUIRE_THAT(reason("{\"agent\":\"\xc3\"}", strict()), ContainsSubstring("not UTF-8"));
    REQUIRE_THAT(reason("{\"agent\":\"a\nb\"}", strict()), ContainsSubstring("control character"));
    REQUIRE_THAT(reason(R"({"bytes":1} {"bytes":2})", strict()), ContainsSubstring("more follows it"));
    REQUIRE_THAT(reason(R"({"bytes":1}}})", strict()), ContainsSubstring("more follows it"));
    REQUIRE_THAT(reason(R"({"bytes":1} x)", strict()), ContainsSubstring("cut off"));
}

TEST_CASE("values that simdjson would pass over unseen are checked", "[normalize]") {
    for (std::string_view const bad : {"01",
                                       "1.",
                                       ".5",
                                       "+1",
                                       "1e",
                                       "1.2.3",
                                       "--1",
                                       "0x10",
                                       "NaN",
                                       "Infinity",
                                       "tru",
                                       "True",
                                       "nulll",
                                       "true false",
                                       R"("a" "b")",
                                       R"("a"b)",
                                       "'a'",
                                       R"("\x")",
                                       R"("\u12g4")",
                                       R"("\ud800")",
                                       R"("\udc00")",
                                       R"("\ud800\u0041")",
                                       "",
                                       ",",
                                       ":",
                                       "[1,]",
                                       "[1 2]",
                                       "[",
                                       "[}",
                                       "{]",
                                       R"({"a"})",
                                       R"({"a":1,})",
                                       R"({"a":01})",
                                       R"({1:2})",
                                       R"(["\q"])",
                                       R"({"\q":1})",
                                       "[tru]",
                                       "{,}",
                                       "[[]",
                                       "1\x01"}) {
        INFO(bad);
        for (std::string const key : {"bytes", "other"}) {
            std::string line = "{\"" + key + "\":";
            line += bad;
            CHECK_THAT(reason(line + "}"), ContainsSubstring(""));
            CHECK_THAT(reason(line + R"(,"agent":"a"})"), ContainsSubstring(""));
        }
    }
    for (std::string_view const bad : {R"({"a\q":1})", R"({a:1})", R"({"a" 1})", R"({"a"::1})", R"({"a":1 "b":2})",
                                       R"({"a":1,})", R"({,"a":1})", R"({"a":1,,"b":2})", R"({"a"})", "{1:2}"}) {
        INFO(bad);
        CHECK_FALSE(reason(bad).empty());
    }
}

TEST_CASE("a line is judged by its own bytes, whatever follows it in the batch", "[normalize]") {
    for (std::string_view const next : {"}", "}}", ",\"b\":1}", "]}", "\"}", " ", "1}", ":1}"}) {
        for (std::string_view const line :
             {R"({"a":{"b":1})", R"({"a":[1})", R"({"a":1)", R"({"a":)", R"({"a")", R"({"a)", "{", R"({"a":1,)"}) {
            INFO(line << " before " << next);
            batch both;
            both.append(both.tag_index("t"), first_id, 1, line);
            both.append(both.tag_index("t"), first_id.at(1), 1, next);
            make_normalize(strict())->apply(both);
            CHECK(both.events[0].rejected);
            CHECK(both.events[1].rejected);
        }
    }
}

TEST_CASE("nesting has a bound", "[normalize]") {
    auto const nested = [](std::size_t depth) {
        return R"({"a":)" + std::string(depth, '[') + std::string(depth, ']') + "}";
    };
    REQUIRE_FALSE(document(nested(64)).empty());
    REQUIRE_THAT(reason(nested(65)), ContainsSubstring("nested deeper than 64"));
    REQUIRE_THAT(reason(nested(100'000)), ContainsSubstring("nested deeper than 64"));
}

TEST_CASE("the number of extra keys has a bound", "[normalize]") {
    auto const with_keys = [](int count) {
        std::string line = "{";
        for (int i = 0; i < count; ++i) line += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":1";
        return line + "}";
    };
    REQUIRE_FALSE(document(with_keys(1000)).empty());
    REQUIRE_THAT(reason(with_keys(1001)), ContainsSubstring("more than 1000 keys"));
}

TEST_CASE("a line of a megabyte is carried, one over the limit is rejected", "[normalize]") {
    std::string const line = R"({"agent":")" + std::string(1 << 20, 'x') + R"("})";
    REQUIRE(document(line).size() > line.size());
    normalize_options options;
    options.line_bytes_max = line.size();
    REQUIRE(normalized(line, options).reason.empty());
    options.line_bytes_max = line.size() - 1;
    REQUIRE_THAT(reason(line, options), ContainsSubstring("1048588 bytes long; at most 1048587 are allowed"));
}

TEST_CASE("a reason shows a long key cut at a character's border", "[normalize]") {
    std::string key;
    for (int i = 0; i < 100; ++i) key += "ä€";
    auto const shown = reason("{\"" + key + "\":01}");
    REQUIRE(shown.size() < 150);
    REQUIRE(simdjson::validate_utf8(shown));
}

TEST_CASE("the timestamp is the time of receipt with all that is known of it, `time` the same in milliseconds",
          "[normalize]") {
    auto const made = normalized("{}", {}, 5, 1'000'000'000'001'999'999).document;
    REQUIRE_THAT(made, ContainsSubstring(R"("@timestamp":"2001-09-09T01:46:40.001999999Z","time":1000000000001,)"));
    SECTION("a whole millisecond has three digits") {
        REQUIRE_THAT(normalized("{}", {}, 5, 1'000'000'000'001'000'000).document,
                     ContainsSubstring(R"("@timestamp":"2001-09-09T01:46:40.001Z","time":1000000000001,)"));
    }
    SECTION("where it is not known, the client's time") {
        REQUIRE_THAT(normalized("{}", {}, 1'000'000'000'001'999'999, 0).document,
                     ContainsSubstring(R"("@timestamp":"2001-09-09T01:46:40.001999999Z","time":1000000000001,)"));
    }
    SECTION("where neither is, none is invented") {
        REQUIRE_THAT(normalized("{}", {}, 0, 0).document, ContainsSubstring(R"("@version":"1","index":"nginx")"));
    }
}

TEST_CASE("times that differ by less than a millisecond are distinguished in one batch", "[normalize]") {
    batch several;
    for (std::int64_t const nanoseconds : {1, 1, 2, 0, 1})
        several.append(several.tag_index("t"), first_id, 0, "{}").received_ns = 1'000'000'000'001'000'000 + nanoseconds;
    auto const change = make_normalize({});
    change->apply(several);
    std::vector<std::string> times;
    for (auto const& row : several.events) {
        auto const made = several.payload(row);
        auto const begin = made.find("40.");
        times.emplace_back(made.substr(begin, made.find('"', begin) - begin));
    }
    CHECK(times ==
          std::vector<std::string>{"40.001000001Z", "40.001000001Z", "40.001000002Z", "40.001Z", "40.001000001Z"});
}

TEST_CASE("the timestamp can be the entry's time", "[normalize]") {
    normalize_options const options{.timestamp = timestamp_from::entry};
    REQUIRE_THAT(normalized("{}", options, 1'431'849'932'000'000'000).document,
                 ContainsSubstring(R"("@timestamp":"2015-05-17T08:05:32.000Z","time":1431849932000,)"));
    REQUIRE_THAT(normalized("{}", options, -1).document,
                 ContainsSubstring(R"("@timestamp":"1969-12-31T23:59:59.999999999Z","time":-1,)"));
    REQUIRE_THAT(normalized("{}", options, 0).document, ContainsSubstring(R"("time":1769823099995,)"));
}

TEST_CASE("the timestamp can be the line's own time, and then a line must have one", "[normalize]") {
    normalize_options const options{.timestamp = timestamp_from::event};
    auto const made = normalized(R"({"time":"17/May/2015:10:05:32 +0200","bytes":1})", options).document;
    REQUIRE_THAT(made, ContainsSubstring(R"("@timestamp":"2015-05-17T08:05:32.000Z","time":1431849932000,)"));
    REQUIRE_THAT(normalized(R"({"time":"17\/May\/2015:08:05:32 +0000"})", options).document,
                 ContainsSubstring(R"("time":1431849932000,)"));
    REQUIRE_THAT(reason(R"({"bytes":1})", options), ContainsSubstring("missing"));
    REQUIRE_THAT(reason(R"({"time":"yesterday"})", options), ContainsSubstring("yesterday"));
    REQUIRE_THAT(normalized(R"({"time":1431849932.5})", options).document,
                 ContainsSubstring(R"("time":1431849932500,)"));
    REQUIRE_THAT(reason(R"({"time":"31/Feb/2015:08:05:32 +0000"})", options), ContainsSubstring("31/Feb"));
}

TEST_CASE("region and assetid are a function of the id alone", "[normalize]") {
    auto const fields = [](std::string_view line, event_id id, std::int64_t received) {
        auto const made = normalized(line, {}, 0, received, id).document;
        auto const begin = made.find(R"("fields":)");
        return made.substr(begin, made.find('}', begin) - begin);
    };
    REQUIRE(fields("{}", first_id, 1) == fields(R"({"bytes":1})", first_id, 2));
    std::set<std::string> all;
    std::set<std::string> regions;
    for (std::uint32_t i = 0; i < 1000; ++i) {
        auto const text = fields("{}", first_id.at(i), 1);
        all.insert(text);
        regions.insert(text.substr(0, text.find("assetid")));
    }
    REQUIRE(all.size() == 1000);
    auto const& fields_of_nginx = nginx_mapping().table.fields;
    auto const region = std::ranges::find(fields_of_nginx, "fields.region", &mapped_field::path);
    REQUIRE(region != fields_of_nginx.end());
    REQUIRE(regions.size() == region->choices.size());
}

TEST_CASE("a replay makes the same bytes", "[normalize]") {
    batch lines;
    for (std::uint32_t i = 0; i < 500; ++i) {
        auto& row = lines.append(lines.tag_index("t"), first_id.at(i), 0, test::nginx_line(i));
        row.received_ns = received_ns;
    }
    auto again = lines;
    auto const change = make_normalize({});
    change->apply(lines);
    change->apply(again);
    REQUIRE(lines.documents == again.documents);
    REQUIRE(lines.rejections.empty());
    make_normalize({})->apply(again);
    REQUIRE(lines.documents == again.documents);
}

TEST_CASE("bad lines do not hold up the good ones around them, and each is counted", "[normalize]") {
    batch mixed;
    mixed.append(mixed.tag_index("t"), first_id.at(0), 1, R"({"bytes":1})");
    mixed.append(mixed.tag_index("t"), first_id.at(1), 1, "{oops");
    mixed.append(mixed.tag_index("t"), first_id.at(2), 1, R"({"bytes":3})");
    mixed.append(mixed.tag_index("t"), first_id.at(3), 1, R"({"bytes":4})");
    mixed.reject(3, "forward", "refused before");
    auto const change = make_normalize({});
    change->apply(mixed);
    REQUIRE(begins_with(std::string{mixed.payload(mixed.events[0])}, R"({"event":{"bytes":1},)"));
    REQUIRE(mixed.events[1].rejected);
    REQUIRE(begins_with(std::string{mixed.payload(mixed.events[2])}, R"({"event":{"bytes":3},)"));
    REQUIRE(mixed.rejections.size() == 2);
    REQUIRE(mixed.record(mixed.events[1]) == "{oops");

    auto const now = change->status();
    REQUIRE(now.name == "normalize");
    REQUIRE(now.up);
    REQUIRE(now.metrics.size() + 1 == normalize_transform.metrics.size());  // no rule has dropped any
    REQUIRE(now.metrics[0].name == "rejected_events_total");
    REQUIRE(now.metrics[0].value == 1.0);
    REQUIRE(now.metrics[1].name == "documents_total");
    REQUIRE(now.metrics[1].value == 2.0);
}
