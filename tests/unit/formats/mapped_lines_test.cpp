#include "formats/normalize.hpp"

#include "support/catch.hpp"

#include <simdjson.h>

#include <string>
#include <string_view>

using namespace logpipe;
using namespace logpipe::formats;

namespace {

constexpr event_id an_id{.high = 0x0123456789abcdef, .low = 0xfedcba9876543210};

/// The document that a mapping makes of a line, or "rejected: WHY".
std::string made(std::string_view toml, std::string_view line, std::int64_t received_ns = 1'000'000'000'001'000'000,
                 timestamp_from time = timestamp_from::receive) {
    auto mapping = parse_mapping("name = \"m\"\n" + std::string{toml}, "m.toml");
    INFO((mapping ? "" : mapping.error().message));
    REQUIRE(mapping.has_value());
    batch one;
    one.append(one.tag_index("t"), an_id, 0, line).received_ns = received_ns;
    auto const change = make_normalize({.table = mapping->table, .timestamp = time});
    change->apply(one);
    if (!one.rejections.empty()) return "rejected: " + one.rejections[0].reason;
    std::string const document{one.payload(one.events[0])};
    simdjson::dom::parser parser;
    REQUIRE(parser.parse(document).error() == simdjson::SUCCESS);
    return document;
}

}  // namespace

TEST_CASE("a mapping without fields carries a line as it is", "[normalize]") {
    CHECK(made("", R"({"b":1,"a":{"c":2}})") == R"({"b":1,"a":{"c":2}})");
    CHECK(made("", "{}") == "{}");
}

TEST_CASE("fields are renamed, and nested as deep as their paths", "[normalize]") {
    constexpr std::string_view toml = R"(
        [[field]]
        path = "http.request.method"
        from = "m"
        [[field]]
        path = "http.request.url"
        from = "u"
        [[field]]
        path = "http.code"
        from = "c"
        [[field]]
        path = "host"
        from = "h")";
    CHECK(made(toml, R"({"h":"x","c":200,"u":"/","m":"GET","z":1})") ==
          R"({"http":{"request":{"method":"GET","url":"/"},"code":200},"host":"x","z":1})");
    CHECK(made(toml, R"({"c":200})") == R"({"http":{"request":{},"code":200}})");
    CHECK(made(toml, R"({"u":"/"})") == R"({"http":{"request":{"url":"/"}}})");
    CHECK(made(toml, R"({"h":"x"})") == R"({"http":{"request":{}},"host":"x"})");
    CHECK(made(toml, R"({"http":1,"host":2})") == R"({"http":{"request":{}},"http_original":1,"host_original":2})");
}

TEST_CASE("a field at the top level may be the first that is there", "[normalize]") {
    constexpr std::string_view toml =
        "[[field]]\npath = \"a\"\nfrom = \"a\"\n[[field]]\npath = \"b\"\nfrom = \"b\"\n"
        "[[field]]\npath = \"t\"\nvalue = \"time-millis\"\n[[field]]\npath = \"o.c\"\nconstant = \"d\"\n";
    CHECK(made(toml, R"({"b":2,"a":1})") == R"({"a":1,"b":2,"t":1000000000001,"o":{"c":"d"}})");
    CHECK(made(toml, R"({"b":2})") == R"({"b":2,"t":1000000000001,"o":{"c":"d"}})");
    CHECK(made(toml, "{}", 0) == R"({"o":{"c":"d"}})");
    CHECK(made("[[field]]\npath = \"o.t\"\nvalue = \"time\"\n[[field]]\npath = \"o.c\"\nconstant = \"d\"\n", "{}", 0) ==
          R"({"o":{"c":"d"}})");
}

TEST_CASE("the line's other keys go under an object, or away", "[normalize]") {
    constexpr std::string_view field = "[[field]]\npath = \"a\"\nfrom = \"a\"\n";
    CHECK(made("rest = \"labels\"\n" + std::string{field}, R"({"x":1,"a":2,"labels":3,"y":{}})") ==
          R"({"a":2,"labels":{"x":1,"labels":3,"y":{}}})");
    CHECK(made("rest = \"labels\"\n" + std::string{field}, R"({"a":2})") == R"({"a":2})");
    CHECK(made("drop-rest = true\n" + std::string{field}, R"({"x":1,"a":2})") == R"({"a":2})");
    CHECK(made("drop = [\"x\"]\nclash-suffix = \"!\"\n[[field]]\npath = \"y\"\nconstant = \"c\"", R"({"x":1,"y":2})") ==
          R"({"y":"c","y!":2})");
}

TEST_CASE("values are converted only as far as nothing is lost", "[normalize]") {
    constexpr std::string_view number = "[[field]]\npath = \"a\"\nfrom = \"a\"\nconvert = \"number\"\n";
    CHECK(made(number, R"({"a":"-1.50e3"})") == R"({"a":-1.50e3})");
    for (std::string_view const kept :
         {R"({"a":"01"})", R"({"a":"x"})", R"({"a":""})", R"({"a":"1 "})", R"({"a":"true"})", R"({"a":null})",
          R"({"a":[1]})", R"({"a":7})", R"({"a":"\u0031"})", R"({"a":"-"})"})
        CHECK(made(number, kept) == kept);
    constexpr std::string_view text = "[[field]]\npath = \"a\"\nfrom = \"a\"\nconvert = \"text\"\n";
    CHECK(made(text, R"({"a":-1.50e3})") == R"({"a":"-1.50e3"})");
    CHECK(made(text, R"({"a":true})") == R"({"a":"true"})");
    for (std::string_view const kept : {R"({"a":"x"})", R"({"a":null})", R"({"a":[1]})", R"({"a":{"b":1}})"})
        CHECK(made(text, kept) == kept);
}

TEST_CASE("a choice and the id's digits are the same for the same event", "[normalize]") {
    constexpr std::string_view toml =
        "[[field]]\npath = \"f.c\"\nchoices = [\"only\"]\n[[field]]\npath = \"f.i\"\nvalue = \"id\"\n"
        "[[field]]\npath = \"z\"\nfrom = \"z\"";
    CHECK(made(toml, R"({"z":1})") == R"({"f":{"c":"only","i":"729fab7ea7d788c65117ad1e7f78817f"},"z":1})");
}

TEST_CASE("a line's own time may be of RFC 3339", "[normalize]") {
    constexpr std::string_view toml =
        "time = \"at\"\ntime-format = \"iso\"\n[[field]]\npath = \"t\"\nvalue = \"time\"\n";
    auto const event = timestamp_from::event;
    CHECK(made(toml, R"({"at":"2015-05-17T10:05:32.25+02:00"})", 0, event) ==
          R"({"t":"2015-05-17T08:05:32.250Z","at":"2015-05-17T10:05:32.25+02:00"})");
    CHECK_THAT(made(toml, R"({"at":"17/May/2015:08:05:32 +0000"})", 0, event),
               ContainsSubstring("does not have the form 2015-05-17T08:05:32Z"));
    CHECK(made("drop-rest = true\n" + std::string{toml}, R"({"at":"2015-05-17T10:05:32Z"})", 0, event) ==
          R"({"t":"2015-05-17T10:05:32.000Z"})");
    CHECK_THAT(made(toml, R"({"at":7})", 0, event), ContainsSubstring("rejected: no time"));
    CHECK_THAT(made(toml, "{}", 0, event), ContainsSubstring("the key \"at\" is missing"));
}

TEST_CASE("a raw line is one field, whatever its text", "[normalize]") {
    constexpr std::string_view toml = "format = \"raw\"\n[[field]]\npath = \"log.text\"\nfrom = \"message\"\n";
    CHECK(made(toml, "GET \"/\" \t{") == R"({"log":{"text":"GET \"/\" \t{"}})");
    CHECK(made("format = \"raw\"", "a") == R"({"message":"a"})");
    std::string const escapes(10'000, '\x01');
    CHECK(made(toml, escapes).size() > 60'000);
    CHECK(made(toml, "") == "rejected: an empty line");
    CHECK(made(toml, "\xff") == "{\"log\":{\"text\":\"\uefff\"},\"_repaired\":[\"utf8\"]}");
}

TEST_CASE("names of a mapping may have any characters", "[normalize]") {
    CHECK(made("[[field]]\npath = \"in \\\"quotes\\\".b\\\\\"\nfrom = \"b\\\\\"\n[[field]]\npath = \"k\"\n"
               "constant = \"v\\\\\"\n",
               R"({"a":1,"b\\":2,"k":3})") == R"({"in \"quotes\"":{"b\\":2},"k":"v\\","a":1,"k_original":3})");
}
