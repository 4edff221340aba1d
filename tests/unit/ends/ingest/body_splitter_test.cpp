#include "body_splitter.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::ingest;

namespace {

using events = std::vector<std::string_view>;

events lines_of(std::string_view body) {
    return split_body(body, body_kind::lines, 100).value();
}
events objects_of(std::string_view body) {
    return split_body(body, body_kind::json, 100).value();
}
std::string fault_of(std::string_view body) {
    auto const split = split_body(body, body_kind::json, 100);
    REQUIRE(split.has_error());
    CHECK(split.error().code == errc::rejected);
    return split.error().message;
}

}  // namespace

TEST_CASE("each line that is not empty is an event, whatever is in it", "[ingest]") {
    CHECK(lines_of("a\r\n\n{\"b\":1}\nlast") == events{"a", "{\"b\":1}", "last"});
    CHECK(lines_of("\xef\xbb\xbf"
                   "a\n") == events{"a"});
    CHECK(lines_of("").empty());
    CHECK(lines_of("\n\r\n").empty());
}

TEST_CASE("objects come in an array, one after the other, or both, with any space between", "[ingest]") {
    CHECK(objects_of(R"([{"a":1},{"b":[1,{"c":"]}"}]}])") == events{R"({"a":1})", R"({"b":[1,{"c":"]}"}]})"});
    CHECK(objects_of("{\"a\":1}\n{\"b\":2}{\"c\":3}\n") == events{R"({"a":1})", R"({"b":2})", R"({"c":3})"});
    CHECK(objects_of(" [ {\"a\" : \"\\\"}\\\\\"} \r\n, {} ] [{\"z\":1}]\n") ==
          events{R"({"a" : "\"}\\"})", "{}", R"({"z":1})"});
    CHECK(objects_of("[]").empty());
    CHECK(objects_of(" \n").empty());
}

TEST_CASE("what is no object or array of objects is refused with the byte where it fails", "[ingest]") {
    CHECK(fault_of("[1]") == "byte 1: expected an object");
    CHECK(fault_of("text") == "byte 0: expected an object");
    CHECK(fault_of("[{},]") == "byte 4: expected an object");
    CHECK(fault_of("[{}") == "byte 3: expected a comma or the end of the array");
    CHECK(fault_of("[") == "byte 1: expected an object");
    CHECK(fault_of("[{} {}]") == "byte 4: expected a comma or the end of the array");
    CHECK(fault_of("{\"a\":[}") == "byte 6: expected \"]\"");
    CHECK(fault_of("{\"a\":1") == "byte 6: expected the end of an object");
    CHECK(fault_of("{\"a\\\"") == "byte 5: expected the end of a text");
    CHECK(fault_of("{},{}") == "byte 2: expected an object");
}

TEST_CASE("more events than may be are too many", "[ingest]") {
    for (auto const kind : {body_kind::lines, body_kind::json}) {
        CHECK(split_body("{}\n{}\n", kind, 2).has_value());
        auto const split = split_body("{}\n{}\n{}\n", kind, 2);
        REQUIRE(split.has_error());
        CHECK(split.error() == error{errc::too_large, "more than 2 events"});
    }
}

TEST_CASE("an object that was written over several lines becomes one", "[ingest]") {
    std::string object = "{\n  \"a\":\r\n \"x\\\"\\n\"\n}";
    put_on_one_line(object);
    CHECK(object == "{   \"a\":   \"x\\\"\\n\" }");
}
