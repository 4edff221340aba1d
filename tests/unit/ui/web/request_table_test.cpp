// What is answered to requests that RFC 9112 does not allow, or allows in a way that two readers may read differently:
// by each listener there is, with a second request behind each, which must never be carried out.
#include "web/web.hpp"

#include "net/request_head.hpp"
#include "page_support.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"
#include "support/snapshots.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <vector>

using namespace logpipe;
using namespace logpipe::web;
using namespace std::literals;

namespace {

struct row {
    std::string name;
    std::string bytes;
    int status = 0;
};

std::string with_line(std::string_view request_line) {
    return std::string{request_line} + "\r\nHost: localhost\r\n\r\n";
}
std::string with_host(std::string_view host) {
    return "GET /healthz HTTP/1.1\r\nHost: " + std::string{host} + "\r\n\r\n";
}
std::string with_field(std::string_view field) {
    return "GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + std::string{field} + "\r\n\r\n";
}
/// Of HTTP/1.1, with a body as some readers would see one.
std::string with_codings(std::string_view fields) {
    return with_field(std::string{fields}) + "0\r\n\r\n";
}
std::string with_chunks(std::string_view chunks) {
    return with_field("Transfer-Encoding: chunked") + std::string{chunks};
}

std::vector<row> refused_framing() {
    return {
        {"a coding after chunked", with_codings("Transfer-Encoding: chunked, gzip"), 400},
        {"a coding after chunked, in a second field",
         with_codings("Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip"), 400},
        {"identity", with_codings("Transfer-Encoding: identity"), 400},
        {"identity after chunked", with_codings("Transfer-Encoding: chunked, identity"), 400},
        {"gzip alone", with_codings("Transfer-Encoding: gzip"), 400},
        {"no coding", with_codings("Transfer-Encoding:"), 400},
        {"blanks for a coding", with_codings("Transfer-Encoding: \t "), 400},
        {"chunked twice", with_codings("Transfer-Encoding: chunked, chunked"), 400},
        {"chunked in two fields", with_codings("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400},
        {"chunked with a parameter", with_codings("Transfer-Encoding: chunked;a=b"), 400},
        {"chunked in quotes", with_codings("Transfer-Encoding: \"chunked\""), 400},
        {"a word that begins with chunked", with_codings("Transfer-Encoding: chunkedx"), 400},
        {"a word that ends with chunked", with_codings("Transfer-Encoding: xchunked"), 400},
        {"two words", with_codings("Transfer-Encoding: gzip chunked"), 400},
        {"an empty element before chunked", with_codings("Transfer-Encoding: , chunked"), 400},
        {"an empty element after chunked", with_codings("Transfer-Encoding: chunked,"), 400},
        {"a vertical tab before chunked",
         with_codings("Transfer-Encoding: \x0b"
                      "chunked"),
         400},
        {"a byte above ASCII before chunked",
         with_codings("Transfer-Encoding: \xa0"
                      "chunked"),
         400},
        {"an unknown coding before chunked", with_codings("Transfer-Encoding: br, chunked"), 501},
        {"gzip before chunked", with_codings("Transfer-Encoding: gzip, chunked"), 501},
        {"gzip before chunked, in two fields", with_codings("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"),
         501},
        {"chunked and a length", with_codings("Transfer-Encoding: chunked\r\nContent-Length: 5"), 400},
        {"a length and chunked", with_codings("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
        {"a length and a coding that is empty", with_codings("Content-Length: 5\r\nTransfer-Encoding:"), 400},
        {"a blank before the colon of chunked", with_codings("Transfer-Encoding : chunked"), 400},
        {"a tab before the colon of chunked", with_codings("Transfer-Encoding\t: chunked"), 400},
        {"chunked in a folded line", with_codings("Transfer-Encoding:\r\n chunked"), 400},
        {"chunked of HTTP/1.0", "GET /healthz HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"an empty length", with_field("Content-Length:"), 400},
        {"a length below zero", with_field("Content-Length: -1"), 400},
        {"a length with a plus", with_field("Content-Length: +5"), 400},
        {"a hexadecimal length", with_field("Content-Length: 0x5"), 400},
        {"a length with a letter", with_field("Content-Length: 5a"), 400},
        {"a length with a fraction", with_field("Content-Length: 5.0"), 400},
        {"a length of two numbers", with_field("Content-Length: 5 5"), 400},
        {"a list of equal lengths", with_field("Content-Length: 5, 5"), 400},
        {"a list of lengths", with_field("Content-Length: 5, 6"), 400},
        {"equal lengths in two fields", with_field("Content-Length: 5\r\nContent-Length: 5"), 400},
        {"lengths in two fields", with_field("Content-Length: 0\r\nContent-Length: 60"), 400},
        {"lengths in two fields, one written small", with_field("Content-Length: 0\r\ncontent-length: 60"), 400},
        {"a length in quotes", with_field("Content-Length: \"5\""), 400},
        {"a length of other digits", with_field("Content-Length: \xd9\xa5"), 400},
        {"a length above what counts it", with_field("Content-Length: 99999999999999999999999"), 413},
        {"a length of 2^64", with_field("Content-Length: 18446744073709551616"), 413},
        {"a length above the limit", with_field("Content-Length: 65537"), 413},
    };
}

std::vector<row> refused_hosts() {
    return {
        {"no Host", "GET /healthz HTTP/1.1\r\n\r\n", 400},
        {"an empty Host", with_host(""), 400},
        {"blanks for a Host", with_host(" \t"), 400},
        {"two Hosts", with_host("localhost\r\nHost: localhost"), 400},
        {"two Hosts, one written small", with_host("localhost\r\nhost: elsewhere"), 400},
        {"two Hosts of HTTP/1.0", "GET /healthz HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"a Host with a path", with_host("localhost/healthz"), 400},
        {"a Host that is a path", with_host("/healthz"), 400},
        {"a Host that is a URL", with_host("http://localhost"), 400},
        {"a Host with a query", with_host("localhost?a"), 400},
        {"a Host with a fragment", with_host("localhost#a"), 400},
        {"a Host with a user", with_host("user@localhost"), 400},
        {"a Host with a user and password", with_host("user:pass@localhost"), 400},
        {"a Host with a backslash", with_host("localhost\\a"), 400},
        {"a list of Hosts", with_host("localhost, elsewhere"), 400},
        {"two words for a Host", with_host("localhost elsewhere"), 400},
        {"an escaped Host", with_host("local%68ost"), 400},
        {"a Host above ASCII",
         with_host("l\xc3\xb6"
                   "calhost"),
         400},
        {"a port that is not a number", with_host("localhost:http"), 400},
        {"a port below zero", with_host("localhost:-1"), 400},
        {"a port of six digits", with_host("localhost:123456"), 400},
        {"two ports", with_host("localhost:80:80"), 400},
        {"a port alone", with_host(":80"), 400},
        {"an open bracket", with_host("[::1"), 400},
        {"brackets around a name", with_host("[localhost]"), 400},
        {"brackets around nothing", with_host("[]"), 400},
        {"an address with a zone", with_host("[fe80::1%eth0]"), 400},
        {"text after brackets", with_host("[::1]a"), 400},
        {"an address of IPv6 without brackets", with_host("::1"), 400},
        {"a folded Host", with_host("\r\n localhost"), 400},
        {"a blank before the colon of Host", "GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n", 400},
        {"a NUL in Host", "GET /healthz HTTP/1.1\r\nHost: local\0host\r\n\r\n"s, 400},
    };
}

std::vector<row> refused_lines() {
    return {
        {"an empty line, twice", "\r\n\r\n" + with_line("GET /healthz HTTP/1.1"), 400},
        {"no version", "GET /healthz\r\n\r\n", 400},
        {"no target", "GET\r\n\r\n", 400},
        {"no target, but a version", with_line("GET HTTP/1.1"), 400},
        {"an empty target", with_line("GET  HTTP/1.1"), 400},
        {"no method", with_line(" /healthz HTTP/1.1"), 400},
        {"two blanks before the target", with_line("GET  /healthz HTTP/1.1"), 400},
        {"two blanks before the version", with_line("GET /healthz  HTTP/1.1"), 400},
        {"a blank after the version", with_line("GET /healthz HTTP/1.1 "), 400},
        {"a tab before the target", with_line("GET\t/healthz HTTP/1.1"), 400},
        {"a tab before the version", with_line("GET /healthz\tHTTP/1.1"), 400},
        {"a blank in the target", with_line("GET /heal thz HTTP/1.1"), 400},
        {"a method that is not a token", with_line("G(T /healthz HTTP/1.1"), 400},
        {"a version written small", with_line("GET /healthz http/1.1"), 400},
        {"a version without a minor one", with_line("GET /healthz HTTP/1"), 400},
        {"a version of two digits", with_line("GET /healthz HTTP/1.10"), 400},
        {"a version with a comma", with_line("GET /healthz HTTP/1,1"), 400},
        {"another protocol", with_line("GET /healthz ICAP/1.0"), 400},
        {"HTTP/0.9, said", with_line("GET /healthz HTTP/0.9"), 505},
        {"HTTP/1.2", with_line("GET /healthz HTTP/1.2"), 505},
        {"HTTP/2.0", with_line("GET /healthz HTTP/2.0"), 505},
        {"HTTP/9.9", with_line("GET /healthz HTTP/9.9"), 505},
        {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"the first bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
        {"a word", "hello\r\n\r\n", 400},
        {"a relative path", with_line("GET healthz HTTP/1.1"), 400},
        {"a star for GET", with_line("GET * HTTP/1.1"), 400},
        {"an authority for GET", with_line("GET localhost:80 HTTP/1.1"), 400},
        {"a tunnel", with_line("CONNECT localhost:80 HTTP/1.1"), 501},
        {"a fragment", with_line("GET /healthz#a HTTP/1.1"), 400},
        {"a target above ASCII", with_line("GET /\xff\xfe HTTP/1.1"), 400},
        {"a control character in the target", with_line("GET /\x01 HTTP/1.1"), 400},
        {"a NUL in the target", with_line("GET /\0 HTTP/1.1"sv), 400},
        {"a DEL in the target", with_line("GET /\x7f HTTP/1.1"), 400},
        {"a target of TLS", with_line("GET https://localhost/healthz HTTP/1.1"), 421},
        {"a target of another scheme", with_line("GET ftp://localhost/healthz HTTP/1.1"), 400},
        {"a target with a user", with_line("GET http://user@localhost/healthz HTTP/1.1"), 400},
        {"a target without a host", with_line("GET http:///healthz HTTP/1.1"), 400},
        {"a target longer than a header", with_line("GET /" + std::string(9000, 'x') + " HTTP/1.1"), 414},
        {"a target without end", "GET /" + std::string(100'000, 'x'), 414},
        {"a line that ends with LF", "GET /healthz HTTP/1.1\nHost: localhost\n\n", 400},
        {"a request line that ends with LF", "GET /healthz HTTP/1.1\nHost: localhost\r\n\r\n", 400},
        {"a CR in the request line", with_line("GET /healthz\r HTTP/1.1"), 400},
        {"two CR at the end of the request line", with_line("GET /healthz HTTP/1.1\r"), 400},
    };
}

std::vector<row> refused_fields() {
    std::string many;
    for (int i = 0; i < 150; ++i) many += "\r\nX-" + std::to_string(i) + ": a";
    return {
        {"a folded field", with_field("X: a\r\n b"), 400},
        {"a field folded by a tab", with_field("X: a\r\n\tb"), 400},
        {"a field folded to nothing", with_field("X: a\r\n "), 400},
        {"a first field that begins with a blank", "GET /healthz HTTP/1.1\r\n X: a\r\nHost: localhost\r\n\r\n", 400},
        {"a blank before a colon", with_field("X : a"), 400},
        {"a field without a colon", with_field("X"), 400},
        {"a field without a name", with_field(": a"), 400},
        {"a field of a colon", with_field(":"), 400},
        {"a name with a blank", with_field("X Y: a"), 400},
        {"a name in brackets", with_field("[X]: a"), 400},
        {"a name above ASCII", with_field("X\xc3\xa9: a"), 400},
        {"a name with a control character", with_field("X\x01: a"), 400},
        {"a NUL in a name", with_field("X\0: a"sv), 400},
        {"a NUL in a value", with_field("X: a\0b"sv), 400},
        {"a CR in a value", with_field("X: a\rb"), 400},
        {"a CR and a field after it", with_field("X: a\rTransfer-Encoding: chunked"), 400},
        {"a LF and a field after it", with_field("X: a\nTransfer-Encoding: chunked"), 400},
        {"a control character in a value", with_field("X: a\x1b[2J"), 400},
        {"a DEL in a value", with_field("X: a\x7f"), 400},
        {"an end of LF", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\n", 400},
        {"an end of CR", "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\rX", 400},
        {"a field larger than a header", with_field("X: " + std::string(9000, 'x')), 431},
        {"150 fields", with_field("X: a" + many), 431},
        {"two tokens", with_field("Authorization: Bearer a\r\nAuthorization: Bearer b"), 400},
        {"two origins", with_field("Origin: http://localhost\r\nOrigin: http://elsewhere"), 400},
        {"two content types", with_field("Content-Type: application/json\r\nContent-Type: text/plain"), 400},
        {"an expectation that nobody knows", with_field("Expect: 200-ok"), 417},
        {"a broken list for Connection", with_field("Connection: close;;"), 400},
    };
}

std::vector<row> refused_chunks() {
    return {
        {"a chunk without a size", with_chunks("\r\nhello\r\n0\r\n\r\n"), 400},
        {"a size that is not a number", with_chunks("zz\r\n0\r\n\r\n"), 400},
        {"a size below zero", with_chunks("-1\r\na\r\n0\r\n\r\n"), 400},
        {"a size with a plus", with_chunks("+1\r\na\r\n0\r\n\r\n"), 400},
        {"a size with 0x", with_chunks("0x1\r\na\r\n0\r\n\r\n"), 400},
        {"a size with a blank before it", with_chunks(" 1\r\na\r\n0\r\n\r\n"), 400},
        {"a size above 64 bits", with_chunks("10000000000000001\r\na\r\n0\r\n\r\n"), 400},
        {"a size above the limit", with_chunks("fffffff\r\na"), 413},
        {"a chunk longer than its size", with_chunks("1\r\nab\r\n0\r\n\r\n"), 400},
        {"a size that ends with LF", with_chunks("1\na\r\n0\r\n\r\n"), 400},
        {"a chunk that ends with LF", with_chunks("1\r\na\n0\r\n\r\n"), 400},
        {"a broken extension", with_chunks("1;;=\r\na\r\n0\r\n\r\n"), 400},
        {"a length in the trailers", with_chunks("0\r\nContent-Length: 50\r\n\r\n"), 400},
        {"a coding in the trailers", with_chunks("0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
        {"a trailer without a colon", with_chunks("0\r\nX\r\n\r\n"), 400},
        {"a trailer with a control character", with_chunks("0\r\nX: \x01\r\n\r\n"), 400},
        {"trailers larger than a header", with_chunks("0\r\nX: " + std::string(30'000, 'x') + "\r\n\r\n"), 431},
    };
}

std::vector<row> refused_requests() {
    std::vector<row> all;
    for (auto part : {refused_framing, refused_hosts, refused_lines, refused_fields, refused_chunks})
        for (auto& each : part()) all.push_back(std::move(each));
    return all;
}

std::vector<row> allowed_requests() {
    return {
        {"a name", with_host("localhost"), 200},
        {"a name and a port", with_host("localhost:8000"), 200},
        {"an empty port", with_host("localhost:"), 200},
        {"an address", with_host("127.0.0.1:80"), 200},
        {"an address of IPv6", with_host("[::1]:80"), 200},
        {"blanks around a Host", with_host(" \tlocalhost \t"), 200},
        {"names written small", "GET /healthz HTTP/1.1\r\nhost:localhost\r\n\r\n", 200},
        {"one empty line before", "\r\n" + with_host("localhost"), 200},
        {"the whole URL for a target", with_line("GET http://localhost:80/healthz HTTP/1.1"), 200},
        {"the whole URL for a target, which beats Host",
         "GET http://localhost/healthz HTTP/1.1\r\nHost: elsewhere.example.com\r\n\r\n", 200},
        {"an empty value", with_field("X:"), 200},
        {"a value above ASCII", with_field("X: \xc3\xa9\xff"), 200},
        {"no bytes of a body", with_field("Content-Length: 0"), 200},
        {"a body", with_field("Content-Length: 5") + "hello", 200},
        {"a length with zeros before it", with_field("Content-Length: 005") + "hello", 200},
        {"chunks", with_chunks("5\r\nhello\r\n0\r\n\r\n"), 200},
        {"chunks with an extension", with_chunks("5;a=\"b\"\r\nhello\r\n0\r\n\r\n"), 200},
        {"chunked written large", with_field("Transfer-Encoding: CHUNKED") + "0\r\n\r\n", 200},
        {"trailers, which change nothing",
         with_chunks("0\r\nHost: elsewhere.example.com\r\nConnection: close\r\nX: a\r\n\r\n"), 200},
        {"another site's name", "GET /metrics HTTP/1.1\r\nHost: elsewhere.example.com\r\n\r\n", 421},
        {"another site's name in the target", with_line("GET http://elsewhere.example.com/metrics HTTP/1.1"), 421},
        {"a method that nobody knows", with_line("BREW /healthz HTTP/1.1"), 405},
        {"a star for OPTIONS", with_line("OPTIONS * HTTP/1.1"), 404},
    };
}

/// One of the listeners as `run`, `serve` and `--admin` make them, which counts what it carries out.
class listener final {
  public:
    explicit listener(std::string const& kind) {
        auto options = web_options{};
        options.snapshot = [this] {
            ++carried_out_;
            return sample_snapshot();
        };
        if (kind != "admin") {
            options.produce = [this](produce_request const&) {
                ++carried_out_;
                return produce_response{};
            };
            options.page = page_options{};
            options.page->watch = [] { return std::vector<watched_process>{}; };
        }
        if (kind != "serve")
            options.tap = [this](std::string const&, std::uint64_t) -> result<std::unique_ptr<tap_reader>> {
                ++carried_out_;
                return error{errc::not_found, "none"};
            };
        auto started = start_web_server(std::move(options));
        REQUIRE(started.has_value());
        server_ = *std::move(started);
    }

    [[nodiscard]] std::uint16_t port() const { return server_->port(); }
    [[nodiscard]] int carried_out() const { return carried_out_; }

  private:
    std::atomic<int> carried_out_ = 0;
    std::unique_ptr<web_server> server_;
};

/// What a smuggler would want to have carried out.
constexpr std::string_view second_requests =
    "POST /produceEventsToPipeline HTTP/1.1\r\nHost: localhost\r\n\r\n"
    "GET /api/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    "GET /api/tap?stage=a HTTP/1.1\r\nHost: localhost\r\n\r\n";

}  // namespace

TEST_CASE("a request that can be read in two ways is rejected and closed, and nothing after it carried out",
          "[request_table]") {
    auto const kind = GENERATE("page"s, "serve"s, "admin"s);
    auto const rows = refused_requests();
    REQUIRE(rows.size() >= 100);
    listener const server{kind};
    for (auto const& each : rows) {
        CAPTURE(kind, each.name, each.bytes);
        http_client client{server.port()};
        client.send(each.bytes);
        client.send(second_requests);
        auto const response = client.response();
        CHECK(status_of(response) == each.status);
        CHECK(field_of(response, "Connection") == "close");
        CHECK(field_of(response, "Content-Type") == "application/problem+json");
        CHECK(client.response().empty());
        client.wait_until_closed_by_server();
        REQUIRE(server.carried_out() == 0);
    }
}

TEST_CASE("a request that can be read in one way only is served, and so is the next one of its connection",
          "[request_table]") {
    auto const kind = GENERATE("page"s, "serve"s, "admin"s);
    listener const server{kind};
    for (auto const& each : allowed_requests()) {
        CAPTURE(kind, each.name, each.bytes);
        http_client client{server.port()};
        client.send(each.bytes);
        CHECK(status_of(client.response()) == each.status);
        CHECK(status_of(client.submit("GET /healthz")) == 200);
    }
}

TEST_CASE("a head that comes a byte at a time is judged as one that comes at once", "[request_table]") {
    auto const judge = [](std::string_view bytes, std::size_t step) {
        net::request_head head{8192};
        for (auto size = std::min(step, bytes.size());; size = std::min(size + step, bytes.size())) {
            if (auto fault = head.check(bytes.substr(0, size))) return fault->status;
            if (head.is_complete()) return 200U;
            if (size == bytes.size()) return 0U;
        }
    };
    auto rows = refused_requests();
    for (auto& each : allowed_requests()) rows.push_back(std::move(each));
    for (auto const& each : rows) {
        if (each.bytes.starts_with("\r\n")) continue;  // the session takes it away
        CAPTURE(each.name, each.bytes);
        CHECK(judge(each.bytes, 1) == judge(each.bytes, each.bytes.size()));
    }
}
