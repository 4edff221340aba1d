#include "row_reader.hpp"

#include "support/catch.hpp"
#include "support/store_events.hpp"

#include <string>

using namespace logpipe;
using namespace logpipe::store;

namespace {

struct row_of {
    explicit row_of(std::string_view document) : bytes{document} {
        bytes.resize(document.size() + row_reader::padding_bytes);
        readable = reader.read({bytes.data(), document.size()}, row);
    }
    std::string bytes;
    row_reader reader;
    document_row row;
    bool readable;
};

}  // namespace

TEST_CASE("a document's columns are read", "[sqlite]") {
    row_of const of{test::store_document(7)};
    REQUIRE(of.readable);
    REQUIRE(of.row.time_ms == 1007);
    REQUIRE(of.row.response == 404);
    REQUIRE(of.row.bytes == 7);
    REQUIRE(of.row.remote_ip == "10.0.0.7");
    REQUIRE(of.row.region == "eu-west-1");
    REQUIRE(of.row.request == "GET /downloads/product_1 HTTP/1.1");
    REQUIRE(of.row.referrer == "-");
    REQUIRE(of.row.agent == "Wget 2");
}

TEST_CASE("what a document does not have, or has as something else, is not there", "[sqlite]") {
    row_of const empty{"{}"};
    REQUIRE(empty.readable);
    REQUIRE_FALSE(empty.row.bytes);
    REQUIRE_FALSE(empty.row.agent);
    row_of const other{
        R"({"event":{"bytes":1.5,"response":"x","agent":null,"request":{"a":"}"},"referrer":[]},"fields":7,"time":"t"})"};
    REQUIRE(other.readable);
    REQUIRE_FALSE(other.row.bytes);
    REQUIRE_FALSE(other.row.response);
    REQUIRE_FALSE(other.row.agent);
    REQUIRE_FALSE(other.row.request);
    REQUIRE_FALSE(other.row.referrer);
    REQUIRE_FALSE(other.row.time_ms);
    REQUIRE_FALSE(row_of{R"({"event":[1],"agent":"outside","bytes":1})"}.row.bytes);
    REQUIRE_FALSE(row_of{R"({"event":{"bytes":92233720368547758080}})"}.row.bytes);
}

TEST_CASE("a number that is written as a text is a number, and the other way round", "[sqlite]") {
    row_of const of{R"({"event":{"response":"304","bytes":"-1","remote_ip":5,"agent":true}})"};
    REQUIRE(of.row.response == 304);
    REQUIRE(of.row.bytes == -1);
    REQUIRE(of.row.remote_ip == "5");
    REQUIRE(of.row.agent == "true");
}

TEST_CASE("escapes in a text are resolved", "[sqlite]") {
    row_of const of{R"({"event":{"agent":"a\"\u00e4\n","request":"plain", "referrer" : "x" }})"};
    REQUIRE(of.row.agent == "a\"ä\n");
    REQUIRE(of.row.request == "plain");
    REQUIRE(of.row.referrer == "x");
}

TEST_CASE("what is no object has no columns", "[sqlite]") {
    for (std::string_view const document :
         {"", " ", "7", "[1]", "oops", R"({"event":{"bytes":1})", R"({"event":{"bytes":1)", R"({"time":5,"a)",
          R"({"time":5,})", R"({"event":{"bytes" 1}})", "{\"time\":5,\"a\":\"\xff\"}", R"({"event":{"a":1,}})"}) {
        INFO(document);
        row_of const of{document};
        CHECK_FALSE(of.readable);
        CHECK_FALSE(of.row.time_ms);
        CHECK_FALSE(of.row.bytes);
    }
}
