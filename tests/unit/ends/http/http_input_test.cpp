#include "codec/gzip.hpp"
#include "codec/zstd.hpp"
#include "http/http.hpp"
#include "lines/lines.hpp"
#include "support/catch.hpp"
#include "support/http_download.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::http;
using namespace logpipe::lines;
using namespace std::chrono_literals;
using test::download;
using test::http_exchange;
using test::http_script;
using test::numbered;
using test::options_for;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

using texts = std::vector<std::string>;

std::string sized(std::string_view fields, std::size_t bytes) {
    return "HTTP/1.1 200 OK\r\n" + std::string{fields} + "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

std::size_t range_begin(http_exchange const& exchange) {
    auto const range = exchange.field("Range");
    return range.empty() ? 0 : std::stoul(range.substr(std::string_view{"bytes="}.size()));
}

std::size_t memory_pages() {
    std::size_t whole = 0, resident = 0;
    std::ifstream{"/proc/self/statm"} >> whole >> resident;
    return resident;
}

}  // namespace

TEST_CASE("a file of lines is read over HTTP, with ids that a second run repeats", "[http_source]") {
    auto const text = "\xef\xbb\xbf" + numbered(30'000) + "last";
    http_script const server{[&](http_exchange& to) { to.answer("200 OK", "", text); }};
    auto const got = download(server, "/logs/nginx logs.jsonl?x=1");
    REQUIRE(!got.failure);
    REQUIRE(got.records.size() == 30'001);
    REQUIRE(got.records[0] == "{\"number\": 0}");
    REQUIRE(got.records.back() == "last");
    auto const request = server.requests().at(0);
    REQUIRE(request.starts_with("GET /logs/nginx%20logs.jsonl?x=1 HTTP/1.1\r\n"));
    REQUIRE_THAT(request, ContainsSubstring("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
    REQUIRE(download(server, "/logs/nginx logs.jsonl?x=1").ids == got.ids);
}

TEST_CASE("gzip is requested and read, and gives the same ids as without", "[http_source]") {
    auto const text = numbered(30'000);
    auto const half = text.find('\n', text.size() / 2) - 3;
    auto const packed = gzip(text.substr(0, half)) + gzip(text.substr(half));
    std::atomic<bool> zipped{true};
    http_script const server{[&](http_exchange& to) {
        if (zipped && to.field("Accept-Encoding") == "gzip") {
            to.answer("200 OK", "Content-Encoding: gzip\r\n", packed);
        } else {
            to.answer("200 OK", "", text);
        }
    }};
    auto const got = download(server);
    REQUIRE(got.records.size() == 30'000);
    zipped = false;
    REQUIRE(download(server).ids == got.ids);
}

TEST_CASE("gzip that is truncated on the server is a final error with its URL", "[http_source]") {
    auto const packed = gzip(numbered(1'000));
    http_script const server{[&](http_exchange& to) {
        to.answer("200 OK", "Content-Encoding: gzip\r\n", packed.substr(0, packed.size() / 2));
    }};
    auto const got = download(server);
    REQUIRE(got.failure->code == errc::corrupt);
    REQUIRE_THAT(got.failure->message, ContainsSubstring(server.url()));
    REQUIRE(server.requests().size() == 1);
}

TEST_CASE("redirects are followed, also relative ones, up to the limit", "[http_source]") {
    http_script const server{[&](http_exchange& to) {
        auto const target = to.target();
        if (target == "/start") return to.answer("301 Moved Permanently", "Location: step%20one\r\n", "a page");
        if (target == "/step%20one") return to.answer("307 Temporary Redirect", "Location: /two/?x\r\n", "");
        if (target == "/two/?x") return to.answer("200 OK", "", "line\n");
        to.answer("302 Found", "Location: " + target + "x\r\n", "");
    }};
    REQUIRE(download(server, "/start").records == texts{"line"});
    auto const endless = download(server, "/endless");
    REQUIRE(endless.failure->code == errc::rejected);
    REQUIRE_THAT(endless.failure->message, ContainsSubstring("more than 5 redirects"));
    REQUIRE(server.requests().size() == 3 + 6);
}

TEST_CASE("an error status, a page or a strange response is one clear error, not retried", "[http_source]") {
    std::atomic<int> round{0};
    http_script const server{[&](http_exchange& to) {
        switch (round) {
            case 0:
                return to.answer("404 Not Found", "", "<html>");
            case 1:
                return to.answer("503 Service Unavailable", "", "");
            case 2:
                return to.answer("200 OK", "Content-Type: text/html\r\n", "<html>");
            case 3:
                return to.answer("200 OK", "", "\n<html>");
            default:
                to.send("SSH-2.0-OpenSSH_9.2\r\n");
        }
    }};
    using expected = std::pair<errc, char const*>;
    for (auto const& [code, words] :
         {expected{errc::not_found, "404 Not Found"}, expected{errc::not_connected, "503 Service Unavailable"},
          expected{errc::rejected, "HTML page"}, expected{errc::rejected, "begins with \"<\""},
          expected{errc::protocol, "not HTTP"}}) {
        auto const got = download(server);
        REQUIRE(got.failure->code == code);
        REQUIRE_THAT(got.failure->message, ContainsSubstring(words) && ContainsSubstring(server.url()));
        ++round;
        REQUIRE(server.requests().size() == static_cast<std::size_t>(round));
    }
}

TEST_CASE("a compressed file is read as what is in it, whatever it is called", "[http_source]") {
    auto const text = numbered(30'000);
    http_script const server{[&](http_exchange& to) {
        to.answer("200 OK", "",
                  to.target() == "/gz" ? gzip(text.substr(0, 1000)) + gzip(text.substr(1000)) : zstd(text));
    }};
    auto const gz = download(server, "/gz");
    REQUIRE(gz.records.size() == 30'000);
    CHECK(download(server, "/zst").records == gz.records);
}

TEST_CASE("a rejected connection, an unknown name and a bad URL are clear errors", "[http_source]") {
    std::uint16_t free_port = 0;
    {
        free_port = http_script{[](http_exchange&) {}}.port();
    }
    auto const failed = download(options_for("http://127.0.0.1:" + std::to_string(free_port) + "/x"));
    REQUIRE(failed.failure->code == errc::not_connected);
    REQUIRE_THAT(failed.failure->message, ContainsSubstring("Connection refused"));

    auto const nameless = download(options_for("http://no-such-host.invalid/x"));
    REQUIRE(nameless.failure->code == errc::not_connected);
    REQUIRE_THAT(nameless.failure->message, ContainsSubstring("no-such-host.invalid"));

    REQUIRE(download(options_for("gopher://h/")).failure->code == errc::invalid_argument);
    auto const secret = download(options_for("http://me:secret@h/"));
    REQUIRE(secret.failure->code == errc::invalid_argument);
    REQUIRE(!secret.failure->message.contains("secret"));
}

TEST_CASE("a cut download goes on by Range where there is a strong ETag", "[http_source]") {
    auto const text = numbered(50'000);
    http_script const server{[&](http_exchange& to) {
        auto const begin = range_begin(to);
        if (begin == 0) {
            to.send(sized("ETag: \"v1\"\r\n", text.size()) + text.substr(0, 300'000));
            return;
        }
        auto const rest = std::string_view{text}.substr(begin);
        to.send("HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes " + std::to_string(begin) + "-" +
                std::to_string(text.size() - 1) + "/" + std::to_string(text.size()) +
                "\r\nContent-Length: " + std::to_string(rest.size()) + "\r\n\r\n");
        to.send(rest.substr(0, 250'000));
    }};
    auto const got = download(server);
    REQUIRE(!got.failure);
    REQUIRE(got.records.size() == 50'000);
    REQUIRE(got.records.back() == "{\"number\": 49999}");
    auto const requests = server.requests();
    REQUIRE(requests.size() > 2);
    REQUIRE_THAT(requests[1], ContainsSubstring("\r\nRange: bytes=300000-\r\nIf-Range: \"v1\"\r\n"));
    REQUIRE_THAT(requests[1], ContainsSubstring("\r\nAccept-Encoding: identity\r\n"));

    http_script const whole{[&](http_exchange& to) { to.answer("200 OK", "", text); }};
    REQUIRE(download(whole).records == got.records);
}

TEST_CASE("a cut download starts over and is compared where it cannot go on", "[http_source]") {
    auto const text = numbered(20'000);
    auto const packed = gzip(text);
    std::atomic<int> attempts{0};
    std::string fields;
    std::string sent = text;
    SECTION("without an ETag") {}
    SECTION("with a weak one") {
        fields = "ETag: W/\"v1\"\r\n";
    }
    SECTION("from a server that does not do ranges") {
        fields = "ETag: \"v1\"\r\n";
    }
    SECTION("with gzip") {
        fields = "ETag: \"v1\"\r\nContent-Encoding: gzip\r\n";
        sent = packed;
    }
    http_script const server{[&](http_exchange& to) {
        auto const bytes = sent.size() * static_cast<std::size_t>(++attempts) / 3;
        to.send(sized(fields, sent.size()) + sent.substr(0, bytes));
    }};
    auto const got = download(server);
    REQUIRE(!got.failure);
    REQUIRE(got.records.size() == 20'000);
    REQUIRE(got.records.back() == "{\"number\": 19999}");
    REQUIRE(server.requests().size() == 3);
}

TEST_CASE("content that changed between two tries is a clear error", "[http_source]") {
    auto const text = numbered(1'000);
    std::string second;
    SECTION("other bytes") {
        second = std::string(text.size(), 'x');
    }
    SECTION("less of them") {
        second = text.substr(0, 100);
    }
    std::atomic<int> attempts{0};
    http_script const server{[&](http_exchange& to) {
        if (attempts++ == 0) {
            to.send(sized("", text.size()) + text.substr(0, 5'000));
        } else {
            to.answer("200 OK", "", second);
        }
    }};
    auto const got = download(server);
    REQUIRE(got.failure->code == errc::rejected);
    REQUIRE_THAT(got.failure->message, ContainsSubstring("changed while it was read"));
    REQUIRE(server.requests().size() == 2);
}

TEST_CASE("chunked and reset connections are seen as cut", "[http_source]") {
    std::atomic<int> attempts{0};
    http_script const server{[&](http_exchange& to) {
        switch (attempts++) {
            case 0:
                to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\none\ntw\r\n");
                return;
            case 1:
                to.send(sized("", 14) + "one\ntwo\n");
                return to.reset();
            default:
                to.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\ne\r\none\ntwo\nthree\n\r\n0\r\n\r\n");
        }
    }};
    REQUIRE(download(server).records == texts{"one", "two", "three"});
    REQUIRE(attempts == 3);
}

TEST_CASE("a server that always cuts at the same byte fails with its reason", "[http_source]") {
    http_script const server{[&](http_exchange& to) { to.send(sized("", 100) + "one\ntwo\n"); }};
    auto options = options_for(server.url());
    options.resumes_max = 2;
    auto const got = download(options);
    REQUIRE(got.failure->code == errc::not_connected);
    REQUIRE_THAT(got.failure->message, ContainsSubstring("no new byte in 2 attempts"));
    REQUIRE(server.requests().size() == 3);
}

TEST_CASE("a server that fails in between is waited for", "[http_source]") {
    std::atomic<int> attempts{0};
    http_script const server{[&](http_exchange& to) {
        switch (attempts++) {
            case 0:
                to.send(sized("", 8) + "one\n");
                return;
            case 1:
                return to.answer("503 Service Unavailable", "", "");
            default:
                to.answer("200 OK", "", "one\ntwo\n");
        }
    }};
    auto const from = make_http_source(options_for(server.url()));
    REQUIRE(from->open());
    REQUIRE(test::read_all(*from).records == texts{"one", "two"});
    REQUIRE(from->status().retries == 2);
}

TEST_CASE("a silent server times out: at the start finally, later as a cut", "[http_source]") {
    std::atomic<bool> begun{false};
    http_script const server{[&](http_exchange& to) {
        if (to.target() == "/silent") return to.hang();
        if (begun.exchange(true)) return to.answer("200 OK", "", "one\ntwo\n");
        to.send(sized("", 8) + "one\n");
        to.hang();
    }};
    auto options = options_for(server.url("/silent"));
    options.idle_timeout = 300ms;
    auto const got = download(options);
    REQUIRE(got.failure->code == errc::timed_out);
    REQUIRE_THAT(got.failure->message, ContainsSubstring("sent nothing within 300 ms"));
    REQUIRE(server.requests().size() == 1);
    options.url = server.url("/falls silent");
    REQUIRE(download(options).records == texts{"one", "two"});
}

TEST_CASE("a waiting download keeps to `until`, can be woken and stopped", "[http_source]") {
    http_script const server{[&](http_exchange& to) {
        to.send(sized("", 100) + "one\n");
        to.hang();
    }};
    auto const from = make_http_source(options_for(server.url()));
    REQUIRE(from->open());
    batch into;
    REQUIRE(from->read(into, std::chrono::steady_clock::now() + 1ms));
    REQUIRE(into.empty());
    from->wake();
    REQUIRE(from->read(into, steady_time::max()));
    REQUIRE(into.empty());
    std::jthread const other{[&] { from->stop(); }};
    result<> read;
    while ((read = from->read(into, steady_time::max()))) REQUIRE(into.empty());
    REQUIRE(read.error().code == errc::end_of_input);
}

TEST_CASE("a pipeline that stalls is not a silent server", "[http_source]") {
    auto const text = numbered(1'000);
    http_script const server{[&](http_exchange& to) { to.answer("200 OK", "", text); }};
    auto options = options_for(server.url());
    options.idle_timeout = 1s;
    auto const from = make_http_source(options);
    REQUIRE(from->open());
    batch into;
    // Until the request is out, in steps that leave a wait for the response half done.
    while (server.requests().empty()) REQUIRE(from->read(into, std::chrono::steady_clock::now() + 1us));
    std::this_thread::sleep_for(1100ms);  // not to wait for anything: this time must not count
    auto const got = test::read_all(*from);
    REQUIRE(!got.failure);
    REQUIRE(got.records.size() + into.events.size() == 1'000);
    REQUIRE(from->status().retries == 0);
}

TEST_CASE("a body of any size goes through in bounded memory", "[http_source]") {
    constexpr std::size_t pieces = sanitized ? 40 : 800;
    auto const piece = numbered(12'000);  // a quarter of a megabyte: 200 MB in all
    http_script const server{[&](http_exchange& to) {
        to.send(sized("", pieces * piece.size()));
        for (std::size_t i = 0; i < pieces && to.send(piece); ++i) {
        }
    }};
    auto const from = make_http_source(options_for(server.url()));
    REQUIRE(from->open());
    batch into;
    std::uint64_t events = 0;
    std::size_t pages_before = 0;
    while (true) {
        into.clear();
        if (auto read = from->read(into, steady_time::max()); !read) {
            REQUIRE(read.error().code == errc::end_of_input);
            break;
        }
        events += into.events.size();
        if (pages_before == 0) pages_before = memory_pages();
    }
    REQUIRE(events == pieces * 12'000);
    if (sanitized) return;  // sanitizers keep freed memory
    auto const grown_bytes = (memory_pages() - std::min(memory_pages(), pages_before)) * 4096;
    REQUIRE(grown_bytes < (std::size_t{16} << 20U));
}
