#include "net/http_response_reader.hpp"

#include "support/catch.hpp"

using namespace logpipe;
using net::http_response_reader;

namespace {

using content = http_response_reader::content;

/// The body of a response that comes in pieces and then ends with the connection.
result<std::string> read_pieces(std::string const& bytes, std::size_t piece_bytes,
                                content expected = content::by_head) {
    http_response_reader reader{expected};
    std::string body;
    for (std::size_t at = 0; at < bytes.size() && !reader.complete(); at += piece_bytes)
        if (auto fed = reader.feed(std::string_view{bytes}.substr(at, piece_bytes), body); !fed) return fed.error();
    if (auto ended = reader.end_of_connection(); !ended) return ended.error();
    return body;
}

net::http_head head_of(std::string const& bytes) {
    http_response_reader reader;
    std::string body;
    REQUIRE(reader.feed(bytes, body));
    REQUIRE(reader.head() != nullptr);
    return *reader.head();
}

}  // namespace

TEST_CASE("a head tells its status, fields in any case, and whether the connection stays", "[http_response_reader]") {
    auto const head = head_of("HTTP/1.1 404 Not Found\r\nETag: \"v1\"\r\nContent-Length: 3\r\nX: 1\r\nx: 2\r\n\r\n");
    CHECK(head.status == 404);
    CHECK(head.reason == "Not Found");
    CHECK(head.field("etag") == "\"v1\"");
    CHECK(head.field("X") == "1");
    CHECK(head.field("location").empty());
    CHECK(head.content_bytes == 3);
    CHECK(head.keep_alive);
    CHECK(!head.ends_with_connection);
    CHECK(!head_of("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").keep_alive);
    CHECK(!head_of("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n").keep_alive);
    auto const endless = head_of("HTTP/1.1 200 OK\r\n\r\n");
    CHECK(endless.ends_with_connection);
    CHECK(!endless.keep_alive);
    CHECK(!endless.content_bytes);
}

TEST_CASE("a response to HEAD or CONNECT has no body, whatever its head says", "[http_response_reader]") {
    for (auto const* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n"}) {
        http_response_reader reader{content::none};
        std::string body;
        REQUIRE(reader.feed(bytes, body));
        CHECK(reader.complete());
        CHECK(!reader.has_surplus());
        REQUIRE(reader.feed("x", body));
        CHECK(reader.has_surplus());
        CHECK(body.empty());
    }
}

TEST_CASE("a head above 64 KiB and a chunk's line without end are protocol errors", "[http_response_reader]") {
    CHECK(read_pieces("HTTP/1.1 200 OK\r\nX: " + std::string(60'000, 'x') + "\r\nContent-Length: 1\r\n\r\na", 1000)
              .value() == "a");
    for (std::size_t const piece_bytes : {std::size_t{1000}, std::size_t{1} << 20U}) {
        CHECK(read_pieces("HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\nContent-Length: 1\r\n\r\na",
                          piece_bytes)
                  .error()
                  .code == errc::protocol);
        CHECK(read_pieces("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(300'000, 'x'),
                          piece_bytes)
                  .error()
                  .code == errc::protocol);
    }
}

TEST_CASE("bytes after a whole response are seen and not taken for its body", "[http_response_reader]") {
    http_response_reader reader;
    std::string body;
    REQUIRE(reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", body));
    CHECK(body == "ab");
    CHECK(reader.complete());
    CHECK(reader.has_surplus());
}

TEST_CASE("another protocol is seen at its first bytes, however they come", "[http_response_reader]") {
    for (std::size_t const piece_bytes : {1U, 2U, 100U})
        CHECK(read_pieces("220 mail.example.org ESMTP\r\n", piece_bytes).error().code == errc::protocol);
    CHECK(read_pieces("HTTP/1.", 1).error().code == errc::not_connected);
}
