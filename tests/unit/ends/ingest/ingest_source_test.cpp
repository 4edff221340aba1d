#include "ingest/ingest.hpp"

#include "codec/gzip.hpp"
#include "support/catch.hpp"
#include "support/given_options.hpp"
#include "support/looking.hpp"
#include "support/raw_client.hpp"
#include "support/scratch_folder.hpp"

#include <fstream>
#include <optional>

using namespace logpipe;
using namespace logpipe::ingest;
using namespace logpipe::test;
using namespace std::chrono_literals;

namespace {

using records = std::vector<std::string>;

struct listening {
    explicit listening(ingest_options options = {}) {
        options.listen = "127.0.0.1:0";
        options.listening = [this](std::uint16_t where) { port = where; };
        from = make_ingest_source(std::move(options));
        REQUIRE(from->open());
    }

    /// Reads until there are `count` events, or the source has ended.
    records read(std::size_t count) {
        records got;
        auto const until = std::chrono::steady_clock::now() + 60s;
        while (got.size() < count && std::chrono::steady_clock::now() < until) {
            batch into;
            if (auto const more = from->read(into, std::chrono::steady_clock::now() + 50ms); !more) {
                CHECK(more.error().code == errc::end_of_input);
                break;
            }
            for (auto const& row : into.events) {
                CHECK(row.offset == next_offset++);
                got.emplace_back(into.tags[row.tag] + " " + std::string{into.record(row)});
                ids.push_back(row.id);
            }
        }
        return got;
    }
    void make_safe() const {
        std::vector<progress> const safe{{.safe = {.partition = 0, .offset = next_offset}, .counts = {}}};
        CHECK(from->commit(safe));
    }
    [[nodiscard]] double metric(std::string_view name) const { return gauge_of(from->status(), name); }

    std::unique_ptr<source> from;
    std::uint16_t port = 0;
    std::uint64_t next_offset = 0;
    std::vector<event_id> ids;
};

std::string post(std::string_view body, std::string const& fields = {}, std::string const& target = "/ingest") {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n" + fields + "\r\n" + std::string{body};
}

/// The head and the body of the next response.
std::string response(raw_client& from) {
    std::string head;
    while (!head.ends_with("\r\n\r\n")) head += from.receive(1);
    constexpr std::string_view length = "Content-Length: ";
    auto const bytes = std::stoul(head.substr(head.find(length) + length.size()));
    return head + from.receive(bytes);
}

}  // namespace

TEST_CASE("a request is answered when all of its events are safe, and not before", "[ingest]") {
    listening to{{.lines = {.tag = "web"}}};
    raw_client client{to.port};
    client.send(post("a\nb\n"));
    CHECK(to.read(2) == records{"web a", "web b"});
    CHECK(comes_true([&] { return to.metric("ingest_requests_waiting") == 1; }));
    CHECK_FALSE(client.has_response(100));
    to.make_safe();
    auto const answer = response(client);
    CHECK(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(answer.ends_with("\r\n\r\n{\"events\":2}"));
    // The next one on the same connection.
    client.send(post(R"([{"c":1},{"d":2}])", "Content-Type: application/json\r\n", "/ingest?tag=other"));
    CHECK(to.read(2) == records{R"(other {"c":1})", R"(other {"d":2})"});
    to.make_safe();
    CHECK(response(client).ends_with("{\"events\":2}"));
    CHECK(to.metric("ingest_requests_total") == 2);
    CHECK(to.metric("ingest_connections_total") == 1);
    CHECK(to.metric("ingest_events_total") == 4);
}

TEST_CASE("a request without events is answered at once", "[ingest]") {
    listening const to;
    raw_client client{to.port};
    client.send(post("\n\n"));
    CHECK(response(client).ends_with("{\"events\":0}"));
    client.send(post("", "Content-Type: application/json\r\n"));
    CHECK(response(client).ends_with("{\"events\":0}"));
}

TEST_CASE("the same request again, compressed or not, makes the same ids, another key others", "[ingest]") {
    listening to;
    raw_client client{to.port};
    auto const ids_of = [&](std::string const& request) {
        client.send(request);
        to.ids.clear();
        CHECK(to.read(1).size() == 1);
        to.make_safe();
        CHECK(response(client).starts_with("HTTP/1.1 200 "));
        return to.ids;
    };
    std::string const key = "Idempotency-Key: batch-1\r\n";
    auto const first = ids_of(post("a\n", key));
    CHECK(first == ids_of(post("a\n", key)));
    CHECK(first == ids_of(post(codec::gzip("a\n"), key + "Content-Encoding: gzip\r\n")));
    CHECK(first != ids_of(post("a\n", "Idempotency-Key: batch-2\r\n")));
    auto const without = ids_of(post("a\n"));
    CHECK(first != without);
    CHECK(without == ids_of(post("a\n")));
}

TEST_CASE("what is refused as a whole says why, and none of it becomes an event", "[ingest]") {
    listening to{{.body_bytes_max = 100, .decompressed_bytes_max = 1000, .events_max = 3}};
    auto const status_of = [&](std::string const& request) {
        raw_client client{to.port};
        client.send(request);
        auto const got = response(client);
        CHECK_THAT(got, ContainsSubstring("{\"error\":\""));
        return got.substr(9, 3);
    };
    CHECK(status_of(post("[1]", "Content-Type: application/json\r\n")) == "400");
    CHECK(status_of(post("plain", "Content-Encoding: gzip\r\n")) == "400");
    CHECK(status_of(post(std::string(101, 'x'))) == "413");
    CHECK(status_of(post(codec::gzip(std::string(1001, 'x')), "Content-Encoding: gzip\r\n")) == "413");
    CHECK(status_of(post("a\nb\nc\nd\n")) == "413");
    CHECK(status_of(post("a", "Content-Type: image/png\r\n")) == "415");
    CHECK(status_of(post("a", {}, "/other")) == "404");
    CHECK(status_of("nonsense\r\n\r\n") == "400");
    CHECK(to.metric("ingest_requests_rejected_total") == 8);
    CHECK(to.metric("ingest_events_total") == 0);
}

TEST_CASE("a client that sends on while it is refused still gets the reply", "[ingest]") {
    listening const to{{.body_bytes_max = 100}};
    raw_client client{to.port};
    client.send("POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + std::string(1'000'000, 'x'));
    CHECK(response(client).starts_with("HTTP/1.1 413 "));
}

TEST_CASE("a client that waits for it is told to send its body, or why not", "[ingest]") {
    listening to{{.body_bytes_max = 100}};
    raw_client client{to.port};
    client.send("POST /ingest HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.receive(25) == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("a\n");
    CHECK(to.read(1) == records{"app.follow a"});
    to.make_safe();
    CHECK(response(client).starts_with("HTTP/1.1 200 "));
    client.send("POST /no HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(response(client).starts_with("HTTP/1.1 404 "));
    CHECK(client.is_closed_by_peer());
}

TEST_CASE("above the backlog's bound requests are deferred, and taken again when there is room", "[ingest]") {
    listening to{{.pending_bytes_max = 4096}};
    auto const fill = std::string(3000, 'x') + "\n";
    raw_client first{to.port};
    first.send(post(fill));
    CHECK(comes_true([&] { return to.metric("ingest_requests_waiting") == 1; }));
    raw_client second{to.port};
    second.send(post(fill));
    auto const answer = response(second);
    CHECK(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    CHECK_THAT(answer, ContainsSubstring("\r\nRetry-After: 1\r\n"));
    CHECK(to.metric("ingest_requests_deferred_total") == 1);
    CHECK(to.read(1).size() == 1);
    to.make_safe();
    CHECK(response(first).starts_with("HTTP/1.1 200 "));
    raw_client third{to.port};
    third.send(post(fill));
    CHECK(to.read(1).size() == 1);
    to.make_safe();
    CHECK(response(third).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("events that are not safe in time are answered 503", "[ingest]") {
    listening to{{.safe_timeout = 50ms}};
    raw_client client{to.port};
    client.send(post("a\n"));
    auto const answer = response(client);
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK_THAT(answer, ContainsSubstring("\r\nRetry-After: 1\r\n") && ContainsSubstring("not safe yet"));
    CHECK(to.read(1).size() == 1);
}

TEST_CASE("a request that does not come to its end in time is disconnected and counted, a silent client too",
          "[ingest]") {
    listening const to{{.request_timeout = 100ms, .idle_timeout = 200ms}};
    raw_client slow{to.port};
    slow.send("POST /ingest HTTP/1.1\r\n");
    CHECK(slow.is_closed_by_peer());
    raw_client silent{to.port};
    CHECK(silent.is_closed_by_peer());
    CHECK(comes_true([&] { return to.metric("ingest_open_connections") == 0; }));
    CHECK(to.metric("ingest_connections_timed_out_total") == 1);
}

TEST_CASE("a stop answers the requests that have come, and ends", "[ingest]") {
    listening to;
    raw_client idle{to.port};
    raw_client client{to.port};
    client.send(post("a\n"));
    CHECK(to.read(1).size() == 1);
    CHECK(comes_true([&] { return to.metric("ingest_requests_waiting") == 1; }));
    to.from->stop();
    to.make_safe();
    auto const answer = response(client);
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK_THAT(answer, ContainsSubstring("\r\nConnection: close\r\n"));
    CHECK(to.read(1).empty());
    CHECK(idle.is_closed_by_peer());
}

TEST_CASE("a source that ends leaves no request without a reply", "[ingest]") {
    std::optional<listening> to;
    to.emplace();
    raw_client client{to->port};
    client.send(post("a\n"));
    CHECK(to->read(1).size() == 1);
    CHECK(comes_true([&] { return to->metric("ingest_requests_waiting") == 1; }));
    to.reset();
    CHECK(response(client).starts_with("HTTP/1.1 503 "));
}

TEST_CASE("a token is wanted where there is one", "[ingest]") {
    listening to{{.token = "sesame"}};
    raw_client nobody{to.port};
    nobody.send(post("a\n"));
    auto const answer = response(nobody);
    CHECK(answer.starts_with("HTTP/1.1 401 "));
    CHECK_THAT(answer, ContainsSubstring("\r\nWWW-Authenticate: Bearer\r\n"));
    CHECK(to.metric("ingest_requests_unauthorized_total") == 1);
    raw_client known{to.port};
    known.send(post("a\n", "Authorization: Bearer sesame\r\n"));
    CHECK(to.read(1).size() == 1);
}

TEST_CASE("a URI of the HTTP listener is checked before anything starts", "[ingest]") {
    auto const made = [](std::string const& uri, given_texts const& given = {}) {
        given_options const values{ingest_end.source_options, given};
        return ingest_end.make_source(request_of(uri, values));
    };
    CHECK(made("ingest://127.0.0.1:8080"));
    CHECK(made("ingest://:8080"));
    CHECK_THAT(made("ingest://127.0.0.1").error().message, ContainsSubstring("write it as ingest://HOST:PORT"));
    CHECK_THAT(made("ingests://127.0.0.1:8443").error().message, ContainsSubstring("TLS needs --certificate-file"));
    given_texts const files{{"certificate-file", {"/c.pem"}}, {"key-file", {"/k.pem"}}};
    CHECK(made("ingests://127.0.0.1:8443", files));
    CHECK_THAT(made("ingest://127.0.0.1:8080", files).error().message, ContainsSubstring("without TLS"));
    CHECK_THAT(
        made("ingest://127.0.0.1:8080", {{"ingest-body-bytes-max", {"2000"}}, {"ingest-pending-bytes-max", {"1000"}}})
            .error()
            .message,
        ContainsSubstring("could never be taken"));
    scratch_folder const folder;
    std::ofstream{folder.path("token")} << "sesame\n";
    CHECK(made("ingest://127.0.0.1:8080", {{"ingest-token-file", {folder.path("token")}}}));
    CHECK(made("ingest://127.0.0.1:8080", {{"ingest-token-file", {folder.path("none")}}}).has_error());
}
