#include "http_content.hpp"

#include "content_history.hpp"
#include "support/catch.hpp"

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::http;
using namespace std::string_literals;

namespace {

/// A response's bytes, and what of them is content.
struct download {
    explicit download(http_request_range range) : content{std::move(range)} {}

    result<> feed(std::string_view bytes) {
        bool const had_head = response.head() != nullptr;
        std::string body;
        if (auto fed = response.feed(bytes, body); !fed) return fed;
        if (!had_head && response.head() != nullptr)
            if (auto judged = content.judge(*response.head()); !judged) return judged;
        content.feed(body);
        if (response.complete()) content.end();
        return {};
    }

    net::http_response_reader response;
    http_content content;
};

/// All the content of a response that comes in pieces and then ends with the connection.
result<std::string> content_of(std::string const& answer, std::size_t piece_bytes, http_request_range range = {}) {
    download from{std::move(range)};
    auto& content = from.content;
    std::string got;
    auto const take = [&]() -> result<> {
        while (true) {
            auto const piece = content.next();
            if (!piece) return piece.error();
            if (piece->empty()) return {};
            got += *piece;
        }
    };
    for (std::size_t at = 0; at < answer.size() && !content.finished(); at += piece_bytes) {
        if (auto fed = from.feed(std::string_view{answer}.substr(at, piece_bytes)); !fed) return fed.error();
        if (auto taken = take(); !taken) return taken.error();
    }
    if (!content.finished()) {
        if (auto ended = from.response.end_of_connection(); !ended) return ended.error();
        content.end();
        if (auto taken = take(); !taken) return taken.error();
    }
    REQUIRE(content.finished());
    return got;
}

/// The same whatever the pieces are.
result<std::string> content_of_pieces(std::string const& answer, http_request_range range = {}) {
    auto const whole = content_of(answer, answer.size(), range);
    for (std::size_t const piece_bytes : {1U, 2U, 3U, 7U, 100U})
        REQUIRE(content_of(answer, piece_bytes, range) == whole);
    return whole;
}

std::string sized(std::string const& head, std::string const& body) {
    return "HTTP/1.1 " + head + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace

TEST_CASE("a body is read by its length, by chunks, or to the connection's end", "[http_content]") {
    REQUIRE(content_of_pieces(sized("200 OK\r\n", "lines")).value() == "lines");
    REQUIRE(content_of_pieces("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "3;ext=1\r\nlin\r\n2\r\nes\r\n0\r\nTrailer: x\r\n\r\n")
                .value() == "lines");
    REQUIRE(content_of_pieces("HTTP/1.0 200 OK\r\n\r\nlines").value() == "lines");
    REQUIRE(content_of_pieces(sized("200 OK\r\n", "")).value().empty());
}

TEST_CASE("interim responses are skipped", "[http_content]") {
    REQUIRE(content_of_pieces("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n" +
                              sized("200 OK\r\n", "lines"))
                .value() == "lines");
    REQUIRE(content_of_pieces("HTTP/1.1 101 Switching Protocols\r\n\r\n").error().code == errc::protocol);
}

TEST_CASE("a response that is cut is not connected", "[http_content]") {
    auto const lengths = sized("200 OK\r\n", "lines");
    auto const chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlines\r\n0\r\n\r\n"s;
    for (auto const& answer : {lengths, chunks})
        for (std::size_t bytes = 0; bytes < answer.size(); ++bytes)
            REQUIRE(content_of(answer.substr(0, bytes), 1000).error().code == errc::not_connected);
}

TEST_CASE("a response that is not HTTP is a protocol error", "[http_content]") {
    REQUIRE(content_of("{\"a\":1}\n{\"a\":2}\n", 1000).error().code == errc::protocol);
    REQUIRE(content_of_pieces("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").error().code ==
            errc::protocol);
    REQUIRE(content_of("HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), 1000).error().code == errc::protocol);
    REQUIRE(content_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(300'000, 'x'), 1000)
                .error()
                .code == errc::protocol);
}

TEST_CASE("gzip content is inflated, several members included", "[http_content]") {
    auto const packed = gzip("one\n") + gzip("") + gzip("two\n");
    REQUIRE(content_of_pieces(sized("200 OK\r\nContent-Encoding: gzip\r\n", packed)).value() == "one\ntwo\n");
    REQUIRE(content_of_pieces("HTTP/1.0 200 OK\r\nContent-Encoding: X-GZIP\r\n\r\n" + packed).value() == "one\ntwo\n");
    std::string const much(10'000'000, 'x');
    REQUIRE(content_of(sized("200 OK\r\nContent-Encoding: gzip\r\n", gzip(much)), 1000).value() == much);
}

TEST_CASE("gzip content that is truncated or bad is corrupt", "[http_content]") {
    auto const packed = gzip("one\ntwo\n");
    auto const half = packed.substr(0, packed.size() - 4);
    REQUIRE(content_of_pieces(sized("200 OK\r\nContent-Encoding: gzip\r\n", half)).error().code == errc::corrupt);
    REQUIRE(content_of_pieces(sized("200 OK\r\nContent-Encoding: gzip\r\n", "lines")).error().code == errc::corrupt);
    // Without a length it may as well have been cut on the way: worth another try.
    REQUIRE(content_of_pieces("HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + half).error().code ==
            errc::not_connected);
}

TEST_CASE("another content coding is rejected by name", "[http_content]") {
    auto const got = content_of_pieces(sized("200 OK\r\nContent-Encoding: br\r\n", "x"));
    REQUIRE(got.error().code == errc::rejected);
    REQUIRE_THAT(got.error().message, ContainsSubstring("\"br\""));
}

TEST_CASE("a status other than 200 is an error with the status in words", "[http_content]") {
    auto const code_of = [](std::string const& status) {
        auto const got = content_of_pieces(sized(status + "\r\n", "a page"));
        REQUIRE_THAT(got.error().message, ContainsSubstring(status));
        return got.error().code;
    };
    REQUIRE(code_of("404 Not Found") == errc::not_found);
    REQUIRE(code_of("410 Gone") == errc::not_found);
    REQUIRE(code_of("401 Unauthorized") == errc::unauthorized);
    REQUIRE(code_of("403 Forbidden") == errc::unauthorized);
    REQUIRE(code_of("400 Bad Request") == errc::rejected);
    REQUIRE(code_of("500 Internal Server Error") == errc::not_connected);
    REQUIRE(code_of("503 Service Unavailable") == errc::not_connected);
    REQUIRE(code_of("206 Partial Content") == errc::rejected);  // a part was not requested
    REQUIRE(code_of("304 Not Modified") == errc::rejected);
}

TEST_CASE("Retry-After is seconds or a date", "[http_content]") {
    using std::chrono::seconds;
    CHECK(read_retry_after("120", 0) == seconds{120});
    CHECK(read_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 946684700) == seconds{99});
    CHECK(read_retry_after("Fri, 31 Dec 1999 23:59:59 GMT", 946684900) == seconds{0});
    for (auto const* const bad : {"", "-1", "1.5", "soon", "Fri, 31 Dec 1999"}) CHECK_FALSE(read_retry_after(bad, 0));
}

TEST_CASE("a page instead of lines is rejected, by its type or its first byte", "[http_content]") {
    auto const typed = content_of_pieces(sized("200 OK\r\nContent-Type: text/HTML; charset=utf-8\r\n", "hello"));
    REQUIRE(typed.error().code == errc::rejected);
    REQUIRE_THAT(typed.error().message, ContainsSubstring("HTML page"));
    REQUIRE(content_of_pieces(sized("200 OK\r\n", "\xef\xbb\xbf \r\n<!DOCTYPE html>")).error().code == errc::rejected);
    REQUIRE(content_of_pieces(sized("200 OK\r\n", "{\"a\":\"<\"}")).has_value());
}

TEST_CASE("a range continues only where it was requested", "[http_content]") {
    http_request_range const range{.begin_bytes = 5, .if_range = "\"tag\""};
    auto const part = "206 Partial Content\r\nContent-Range: bytes 5-9/10\r\n";
    download from{range};
    auto& content = from.content;
    REQUIRE(from.feed(sized(part, "<five")));
    REQUIRE(content.accepted());
    REQUIRE(content.goes_on());
    REQUIRE(content.total_bytes() == 10);
    REQUIRE(content.next().value() == "<five");
    REQUIRE(content_of_pieces(sized("206 Partial Content\r\nContent-Range: bytes 4-9/10\r\n", "xfive"), range)
                .error()
                .code == errc::protocol);
    REQUIRE(content_of_pieces(
                sized("206 Partial Content\r\nContent-Encoding: gzip\r\nContent-Range: bytes 5-9/10\r\n", gzip("five")),
                range)
                .error()
                .code == errc::protocol);
    REQUIRE(content_of_pieces(sized("416 Range Not Satisfiable\r\nContent-Range: bytes */5\r\n", "a page"), range)
                .value()
                .empty());
    REQUIRE(
        content_of_pieces(sized("416 Range Not Satisfiable\r\nContent-Range: bytes */3\r\n", ""), range).error().code ==
        errc::rejected);
}

TEST_CASE("only a strong ETag of uncoded content lets a download go on", "[http_content]") {
    auto const tag_of = [](std::string const& fields, std::string const& body = "x") {
        download from{{}};
        REQUIRE(from.feed(sized("200 OK\r\n" + fields, body)));
        return from.content.resume_tag();
    };
    REQUIRE(tag_of("ETag: \"abc\"\r\n") == "\"abc\"");
    REQUIRE(tag_of("ETag: W/\"abc\"\r\n").empty());
    REQUIRE(tag_of("").empty());
    REQUIRE(tag_of("ETag: \"abc\"\r\nAccept-Ranges: none\r\n").empty());
    REQUIRE(tag_of("ETag: \"abc\"\r\nContent-Encoding: gzip\r\n", gzip("x")).empty());
}

TEST_CASE("a redirect has a location and no content", "[http_content]") {
    download from{{}};
    auto& content = from.content;
    REQUIRE(from.feed(sized("302 Found\r\nLocation: /there\r\n", "a page")));
    REQUIRE(content.location() == "/there");
    REQUIRE(!content.accepted());
    REQUIRE(content.next().value().empty());
    REQUIRE(content_of_pieces(sized("302 Found\r\n", "")).error().code == errc::rejected);
}

TEST_CASE("content that starts over is compared and given once", "[content_history]") {
    content_history history;
    history.start_over();
    REQUIRE(history.pass("one ").value() == "one ");
    REQUIRE(history.pass("two ").value() == "two ");

    SECTION("the same") {
        history.start_over();
        REQUIRE(history.pass("one t").value().empty());
        REQUIRE(history.finish().error().code == errc::rejected);  // shorter than what was given
        REQUIRE(history.pass("wo three").value() == "three");
        REQUIRE(history.finish());
        REQUIRE(history.given_bytes() == 13);
        history.start_over();
        REQUIRE(history.pass("one two three").value().empty());
        REQUIRE(history.finish());
    }
    SECTION("changed") {
        history.start_over();
        REQUIRE(history.pass("one ").value().empty());
        REQUIRE(history.pass("2wo ").error().code == errc::rejected);
    }
    SECTION("gone on with") {
        history.start_over();
        REQUIRE(history.pass("one").value().empty());
        history.go_on();
        REQUIRE(history.pass("three").value() == "three");
    }
}
