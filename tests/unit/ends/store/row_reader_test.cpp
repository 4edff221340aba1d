#include "row_reader.hpp"

#include "support/catch.hpp"
#include "support/nginx_documents.hpp"
#include "support/store_events.hpp"

#include <algorithm>
#include <string>

using namespace logpipe;
using namespace logpipe::store;

namespace {

store_layout const& nginx_layout() {
    static store_layout const layout{test::nginx_documents()};
    return layout;
}

struct row_of {
    explicit row_of(std::string_view document) : bytes{document}, reader{nginx_layout()} {
        bytes.resize(document.size() + row_reader::padding_bytes);
        readable = reader.read({bytes.data(), document.size()}, row);
    }
    [[nodiscard]] column_value operator[](std::string_view column) const {
        auto const& all = nginx_layout().columns();
        return row.columns.at(
            static_cast<std::size_t>(std::ranges::find(all, column, &store_layout::column::name) - all.begin()));
    }
    [[nodiscard]] bool has(std::string_view column) const {
        return !std::holds_alternative<std::monostate>((*this)[column]);
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
    REQUIRE(of["response"] == column_value{std::int64_t{404}});
    REQUIRE(of["bytes"] == column_value{std::int64_t{7}});
    REQUIRE(of["remote_ip"] == column_value{std::string_view{"10.0.0.7"}});
    REQUIRE(of["region"] == column_value{std::string_view{"eu-west-1"}});
    REQUIRE(of["request"] == column_value{std::string_view{"GET /downloads/product_1 HTTP/1.1"}});
    REQUIRE(of["referrer"] == column_value{std::string_view{"-"}});
    REQUIRE(of["agent"] == column_value{std::string_view{"Wget 2"}});
}

TEST_CASE("what a document does not have, or has as something else, is not there", "[sqlite]") {
    row_of const empty{"{}"};
    REQUIRE(empty.readable);
    REQUIRE_FALSE(empty.has("bytes"));
    REQUIRE_FALSE(empty.has("agent"));
    row_of const other{
        R"({"event":{"bytes":"1.5.2","response":"x","agent":null,"request":{"a":"}"},"referrer":[]},"fields":7,"time":"t"})"};
    REQUIRE(other.readable);
    REQUIRE_FALSE(other.has("bytes"));
    REQUIRE_FALSE(other.has("response"));
    REQUIRE_FALSE(other.has("agent"));
    REQUIRE_FALSE(other.has("request"));
    REQUIRE_FALSE(other.has("referrer"));
    REQUIRE_FALSE(other.row.time_ms);
    REQUIRE_FALSE(row_of{R"({"event":[1],"agent":"outside","bytes":1})"}.has("bytes"));
    REQUIRE_FALSE(row_of{R"({"event":{"bytes":92233720368547758080}})"}.has("bytes"));
}

TEST_CASE("a number that is written as a text is a number, and the other way round", "[sqlite]") {
    row_of const of{R"({"event":{"response":"304","bytes":"-1","remote_ip":5,"agent":true}})"};
    REQUIRE(of["response"] == column_value{std::int64_t{304}});
    REQUIRE(of["bytes"] == column_value{std::int64_t{-1}});
    // As the index reads them.
    row_of const floating{R"({"event":{"response":200.0,"bytes":4.9e2}})"};
    REQUIRE(floating["response"] == column_value{std::int64_t{200}});
    REQUIRE(floating["bytes"] == column_value{std::int64_t{490}});
    REQUIRE(row_of{R"({"event":{"bytes":"0490"}})"}["bytes"] == column_value{std::int64_t{490}});
    REQUIRE(row_of{R"({"event":{"bytes":1.9}})"}["bytes"] == column_value{std::int64_t{1}});
    REQUIRE(of["remote_ip"] == column_value{std::string_view{"5"}});
    REQUIRE(of["agent"] == column_value{std::string_view{"true"}});
}

TEST_CASE("escapes in a text are resolved", "[sqlite]") {
    row_of const of{R"({"event":{"agent":"a\"\u00e4\n","request":"plain", "referrer" : "x" }})"};
    REQUIRE(of["agent"] == column_value{std::string_view{"a\"ä\n"}});
    REQUIRE(of["request"] == column_value{std::string_view{"plain"}});
    REQUIRE(of["referrer"] == column_value{std::string_view{"x"}});
}

TEST_CASE("what is not an object has no columns", "[sqlite]") {
    for (std::string_view const document :
         {"", " ", "7", "[1]", "oops", R"({"event":{"bytes":1})", R"({"event":{"bytes":1)", R"({"time":5,"a)",
          R"({"time":5,})", R"({"event":{"bytes" 1}})", "{\"time\":5,\"a\":\"\xff\"}", R"({"event":{"a":1,}})"}) {
        INFO(document);
        row_of const of{document};
        CHECK_FALSE(of.readable);
        CHECK_FALSE(of.row.time_ms);
        CHECK_FALSE(of.has("bytes"));
    }
}
