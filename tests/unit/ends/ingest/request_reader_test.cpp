#include "request_reader.hpp"

#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace logpipe::ingest;

namespace {

struct read_request {
    std::string method;
    std::string target;
    std::string key;
    std::string body;

    friend bool operator==(read_request const&, read_request const&) = default;
};

struct outcome {
    std::vector<read_request> requests;
    unsigned refused = 0;  ///< with this status

    friend bool operator==(outcome const&, outcome const&) = default;
};

outcome read(std::string_view bytes, std::size_t first, std::size_t body_bytes_max = 100) {
    request_reader reader{body_bytes_max};
    outcome got;
    for (auto const piece : {bytes.substr(0, first), bytes.substr(first)}) {
        auto refused = reader.add(piece);
        while (!refused && reader.is_whole()) {
            auto const& facts = reader.facts();
            got.requests.push_back({facts.method, facts.target, facts.idempotency_key, reader.body()});
            refused = reader.next();
        }
        if (!refused) continue;
        got.refused = refused->status;
        break;
    }
    return got;
}

void check_all_splits(std::string_view bytes, outcome const& wanted) {
    for (std::size_t first = 0; first <= bytes.size(); ++first) {
        INFO("first piece of " << first);
        REQUIRE(read(bytes, first) == wanted);
    }
}

}  // namespace

TEST_CASE("requests follow each other on a connection, wherever their bytes are cut", "[ingest]") {
    check_all_splits(
        "POST /ingest?tag=a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nIdempotency-Key: k1\r\n\r\na\nb\n\n"
        "\r\n\r\nPOST /ingest HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: "
        "chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\n"
        "Idempotency-Key: t\r\n\r\n"
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        {{{"POST", "/ingest?tag=a", "k1", "a\nb\n\n"}, {"POST", "/ingest", "", "{\"a\":1}"}, {"GET", "/", "", ""}}});
}

TEST_CASE("a body of no chunk but the last one is empty, wherever its bytes are cut", "[ingest]") {
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nIdempotency-Key: t\r\n\r\n",
                     {{{"POST", "/", "", ""}}});
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                     {{{"POST", "/", "", ""}}});
}

TEST_CASE("a body that is too large is refused by its announced length, and by its chunks", "[ingest]") {
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n", {{}, 413});
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n60\r\n" + std::string(96, 'x') +
                         "\r\n5\r\nxxxxx\r\n0\r\n\r\n",
                     {{}, 413});
}

TEST_CASE("what is no request is refused", "[ingest]") {
    check_all_splits("\x16\x03\x01\x01", {{}, 400});
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                     {{}, 400});
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", {{}, 400});
    check_all_splits("POST / HTTP/1.1\r\nHost: x\r\nLong: " + std::string(9000, 'x'), {{}, 431});
}

TEST_CASE("a request's head says what it wants before its body has come", "[ingest]") {
    request_reader reader{100};
    CHECK(reader.is_empty());
    CHECK_FALSE(
        reader.add("POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\nOrigin: y\r\n"));
    CHECK_FALSE(reader.is_empty());
    CHECK_FALSE(reader.has_head());
    CHECK_FALSE(reader.add("Logpipe-Tag: a.b\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n"));
    REQUIRE(reader.has_head());
    CHECK_FALSE(reader.is_whole());
    auto const& facts = reader.facts();
    CHECK(facts.expects_continue);
    CHECK(facts.has_origin);
    CHECK(facts.keep_alive);
    CHECK_FALSE(facts.is_ambiguous);
    CHECK(facts.tag == "a.b");
    CHECK(facts.content_type == "text/plain");
    CHECK(facts.content_encoding == "gzip");
}

TEST_CASE("a field that decides and is given twice is ambiguous", "[ingest]") {
    request_reader reader{100};
    CHECK_FALSE(reader.add("POST / HTTP/1.1\r\nHost: x\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n\r\n"));
    CHECK(reader.facts().is_ambiguous);
}
