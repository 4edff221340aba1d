#include "json/member_scan.hpp"

#include "support/catch.hpp"

#include <fmt/format.h>

#include <string>

using namespace logpipe::formats;

namespace {

/// The members of a line that is taken, as "key=value" and a space each; of another "-". What follows the line in
/// memory would go on with it.
std::string scanned(std::string_view line, std::string_view after = "") {
    std::string bytes{line};
    bytes += after;
    bytes.resize(bytes.size() + 64, '"');
    member_scan scan;
    if (!scan.read({bytes.data(), line.size()})) return "-";
    std::string all;
    for (auto const& each : scan.members()) all += fmt::format("{}={} ", each.key, each.value);
    return all;
}

}  // namespace

TEST_CASE("members of a usual line are found as they stand in it", "[formats]") {
    CHECK(scanned(R"({"log":"a \"b\"\n","stream":"stdout"})") == R"(log="a \"b\"\n" stream="stdout" )");
    CHECK(scanned(R"({ "a" : 1 , "b":-0.5e+3,"c":true, "d" :null, "e":0 } )") == "a=1 b=-0.5e+3 c=true d=null e=0 ");
    CHECK(scanned(R"({"a":{"b":["}",{}]},"c":[ 1 ]})") == R"(a={"b":["}",{}]} c=[ 1 ] )");
    CHECK(scanned(R"({"a":"ünï","b":"\u00e9\ud83d\ude00"})") == R"(a="ünï" b="\u00e9\ud83d\ude00" )");
    CHECK(scanned(R"({"":"","a longer key than sixteen bytes":"a longer value than sixteen bytes\\"})") ==
          R"(="" a longer key than sixteen bytes="a longer value than sixteen bytes\\" )");
    CHECK(scanned("{\t\"a\":1,\r\n  \"b\":2 }\n") == "a=1 b=2 ");
}

TEST_CASE("what is not JSON is not taken", "[formats]") {
    for (auto const* const line : {"",
                                   "{",
                                   "{}",
                                   "x",
                                   R"({"a")",
                                   R"({"a":)",
                                   R"({"a":})",
                                   R"({"a":1)",
                                   R"({"a":1,)",
                                   R"({"a":1,})",
                                   R"({"a":1}})",
                                   R"({"a":1} x)",
                                   R"({"a":1 2})",
                                   R"({"a":01})",
                                   R"({"a":1.})",
                                   R"({"a":-})",
                                   R"({"a":tru})",
                                   R"({"a":truex})",
                                   R"({"a":"x)",
                                   R"({"a":"x\)",
                                   R"({"a":"x\"})",
                                   R"({"a":"\x41"})",
                                   R"({"a":"\u12"})",
                                   R"({"a":"\ud800"})",
                                   "{\"a\":\"\x1f\"}",
                                   "{\"a\":\"\xff\"}",
                                   "{\"a\":[\"\xc3\"]}",
                                   R"({"a":[1})",
                                   R"({"a":{"b"}})",
                                   R"({a:1})",
                                   R"({"a" 1})",
                                   R"({"a":1;"b":2})",
                                   R"({"a"x:1})",
                                   "{\"a\x01\":1}"}) {
        CAPTURE(line);
        CHECK(scanned(line) == "-");
    }
}

TEST_CASE("a line ends where it ends, whatever follows it in memory", "[formats]") {
    std::string_view const line = R"({"a": "text with \" and é", "b": 12, "c": {"d": null}})";
    for (std::size_t bytes = 0; bytes < line.size(); ++bytes)
        CHECK(scanned(line.substr(0, bytes), line.substr(bytes)) == "-");
    CHECK(scanned(line, line) != "-");
    CHECK(scanned(R"({"a":)", R"("","":"","":"","":"","":"","":"","":"","":"","":"","":""})") == "-");
}

TEST_CASE("a key with an escape and many members are for the general reader", "[formats]") {
    CHECK(scanned(R"({"\u0061":1})") == "-");
    auto const members = [](std::size_t count) {
        std::string line = "{";
        for (std::size_t i = 0; i < count; ++i) line += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", i, i);
        return line + '}';
    };
    CHECK(scanned(members(member_scan::members_max)) != "-");
    CHECK(scanned(members(member_scan::members_max + 1)) == "-");
}
