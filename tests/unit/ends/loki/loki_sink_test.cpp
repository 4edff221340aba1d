#include "loki/loki.hpp"

#include "push_response.hpp"

#include "codec/gzip.hpp"
#include "support/catch.hpp"
#include "support/certificates.hpp"
#include "support/http_script.hpp"
#include "support/looking.hpp"
#include "support/reports.hpp"
#include "support/scratch_folder.hpp"

#include <fmt/format.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

using namespace logpipe;
using namespace logpipe::codec;
using namespace logpipe::loki;
using namespace std::chrono_literals;

namespace {

using status_and_body = std::pair<std::string, std::string>;

/// Responds to each push with a status and a body.
struct script {
    using response_to = std::function<status_and_body(std::string const& body, std::size_t time)>;  // 1 is the first

    explicit script(response_to responses, test::certificate_files const& tls = {})
        : responses_{std::move(responses)}, server{[this](test::http_exchange& to) { serve(to); }, tls} {}
    /// Each in turn, the last one for ever.
    explicit script(std::vector<status_and_body> responses, test::certificate_files const& tls = {})
        : script{[responses](std::string const&, std::size_t time) {
                     return responses[std::min(time, responses.size()) - 1];
                 },
                 tls} {}

    void serve(test::http_exchange& to) {
        status_and_body answer;
        {
            std::lock_guard lock{mutex};
            bodies.push_back(gunzip(to.body(), 1U << 24U).value());
            answer = responses_(bodies.back(), bodies.size());
        }
        if (answer.first.empty()) return to.reset();
        to.answer(answer.first, "", answer.second);
    }
    std::vector<std::string> all() {
        std::lock_guard lock{mutex};
        return bodies;
    }
    loki_sink_options options() const {
        return {.address = "127.0.0.1:" + std::to_string(server.port()), .push_age_max = 1ms};
    }

    response_to const responses_;
    std::mutex mutex;  // guards bodies
    std::vector<std::string> bodies;
    test::http_script server;
};

batch lines(std::vector<std::string> const& texts, std::string_view service = "web") {
    batch out;
    for (auto const& text : texts) out.append(out.tag_index(service), {}, 1'700'000'000'000'000'000, text);
    return out;
}

bool has_stream(std::string const& body, std::string_view service) {
    return body.contains(fmt::format(R"("service":"{}")", service));
}

constexpr std::string_view stream_limit = "entry with timestamp x ignored, reason: 'Per stream rate limit exceeded'";

}  // namespace

TEST_CASE("lines are pushed as gzip JSON, and the batch is reported", "[loki_sink]") {
    script loki{{{"204 No Content", ""}}};
    test::finished_batches reports;
    auto options = loki.options();
    options.tenant = "team";
    options.username = "me";
    options.password = "secret";
    auto const to = make_loki_sink(options);
    REQUIRE(to->open(reports));
    auto events = lines({"one", "two"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);
    CHECK(test::total_of(reports.wait(1)).indexed == 2);
    CHECK_THAT(loki.all().front(),
               ContainsSubstring(R"("values":[["1700000000000000000","one"],["1700000000000000000","two"]])"));
    auto const head = loki.server.requests().front();
    CHECK_THAT(head, ContainsSubstring("POST /loki/api/v1/push HTTP/1.1\r\n"));
    CHECK_THAT(head, ContainsSubstring("Content-Encoding: gzip\r\n"));
    CHECK_THAT(head, ContainsSubstring("X-Scope-OrgID: team\r\n"));
    CHECK_THAT(head, ContainsSubstring("Authorization: Basic bWU6c2VjcmV0\r\n"));
    CHECK(to->status().up);
}

TEST_CASE("429, 5xx and a cut connection are retried until the lines are accepted", "[loki_sink]") {
    script loki{{{"429 Too Many Requests", "slow down"},
                 {"503 Service Unavailable", ""},
                 {"", ""},
                 {"", ""},
                 {"204 No Content", ""}}};
    test::finished_batches reports;
    auto const to = make_loki_sink(loki.options());
    REQUIRE(to->open(reports));
    auto events = lines({"one"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);
    CHECK(loki.all().size() >= 5);
    CHECK(to->status().retries >= 3);
    CHECK(to->status().up);
    CHECK(test::gauge_of(to->status(), "lines_dropped_other_total") == 0);
}

TEST_CASE("a stream that Loki throttles waits, the others go on, and it is said which", "[loki_sink]") {
    std::atomic<bool> throttled{true};
    script loki{[&](std::string const& body, std::size_t) -> status_and_body {
        if (throttled && has_stream(body, "loud")) return {"429 Too Many Requests", std::string{stream_limit}};
        return {"204 No Content", ""};
    }};
    test::finished_batches reports;
    auto const to = make_loki_sink(loki.options());
    REQUIRE(to->open(reports));
    auto loud = lines({"one", "two"}, "loud");
    REQUIRE(to->write(loud));
    for (std::size_t i = 1; i <= 5; ++i) {
        auto quiet = lines({"three"}, "quiet");
        REQUIRE(to->write(quiet));
        REQUIRE(reports.wait(i).size() == i);
    }
    for (auto const& each : reports.wait(5)) CHECK(each.tags == std::vector<std::string>{"quiet"});
    REQUIRE(test::comes_true([&] { return test::gauge_of(to->status(), "throttled_streams") == 1; }));
    auto const waiting = to->status();
    CHECK(waiting.up);
    CHECK_THAT(waiting.reason,
               ContainsSubstring(R"("service":"loud")") && ContainsSubstring("responds with status 429: entry with"));
    CHECK(test::gauge_of(waiting, "throttled_lines") == 2);
    throttled = false;
    REQUIRE(reports.wait(6).size() == 6);
    REQUIRE(test::comes_true([&] { return to->status().reason.empty(); }));
    CHECK(test::total_of(reports.wait(6)).indexed == 7);
    for (std::size_t i = 0; i < drop_reason_names.size(); ++i)
        CHECK(test::gauge_of(to->status(), fmt::format("lines_dropped_{}_total", drop_reason_names[i])) == 0);
}

TEST_CASE("a request of several streams is split by stream when some of it breaks a rule", "[loki_sink]") {
    script loki{[](std::string const& body, std::size_t) -> status_and_body {
        if (has_stream(body, "old")) return {"400 Bad Request", "entry for stream '{}' has timestamp too old: x"};
        return {"204 No Content", ""};
    }};
    test::finished_batches reports;
    auto options = loki.options();
    options.push_age_max = 1h;
    options.push_bytes_max = 2 * (3 + sizeof(event));
    auto const to = make_loki_sink(options);
    REQUIRE(to->open(reports));
    auto old = lines({"one"}, "old");
    REQUIRE(to->write(old));
    auto quiet = lines({"two"}, "quiet");
    REQUIRE(to->write(quiet));
    REQUIRE(reports.wait(2).size() == 2);
    CHECK(loki.all().size() == 3);
    CHECK(has_stream(loki.all()[0], "old"));
    CHECK(has_stream(loki.all()[0], "quiet"));
    CHECK(has_stream(loki.all()[1], "old") != has_stream(loki.all()[2], "old"));
    CHECK(test::gauge_of(to->status(), "lines_dropped_too_old_total") == 1);
    CHECK(test::gauge_of(to->status(), "requests_split_total") == 1);
    CHECK(test::gauge_of(to->status(), "throttled_streams") == 0);
}

TEST_CASE("a limit of all streams makes all of them wait, with less at once", "[loki_sink]") {
    std::size_t constexpr lines_of_limit = 2;
    script loki{[](std::string const& body, std::size_t) -> status_and_body {
        auto count = std::size_t{0};
        for (auto at = body.find("[\"1"); at != std::string::npos; at = body.find("[\"1", at + 1)) ++count;
        if (count <= lines_of_limit) return {"204 No Content", ""};
        return {"429 Too Many Requests", "ingestion rate limit exceeded for user fake (limit: 10 bytes/sec)"};
    }};
    test::finished_batches reports;
    auto const to = make_loki_sink(loki.options());
    REQUIRE(to->open(reports));
    auto events = lines({"1", "2", "3", "4", "5", "6"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);
    CHECK(test::gauge_of(to->status(), "throttled_streams") == 0);
    CHECK(test::gauge_of(to->status(), "requests_split_total") == 0);
    CHECK(to->status().retries >= 1);
}

TEST_CASE("what breaks Loki's rules is counted and not retried", "[loki_sink]") {
    script loki{{{"400 Bad Request", "entry for stream '{}' has timestamp too old: x"}, {"204 No Content", ""}}};
    test::finished_batches reports;
    auto const to = make_loki_sink(loki.options());
    REQUIRE(to->open(reports));
    auto events = lines({"old"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);
    events = lines({"new"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(2).size() == 2);
    CHECK(loki.all().size() == 2);
    CHECK(test::gauge_of(to->status(), "lines_dropped_too_old_total") == 1);
}

TEST_CASE("a request that is too large is cut in two, down to the line", "[loki_sink]") {
    script loki{
        {{"413 Payload Too Large", ""}, {"204 No Content", ""}, {"413 Payload Too Large", ""}, {"204 No Content", ""}}};
    test::finished_batches reports;
    auto const to = make_loki_sink(loki.options());
    REQUIRE(to->open(reports));
    auto events = lines({"one", "two"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);
    CHECK(loki.all().size() == 3);
    CHECK_THAT(loki.all()[1], ContainsSubstring("one") && !ContainsSubstring("two"));
    CHECK_THAT(loki.all()[2], ContainsSubstring("two") && !ContainsSubstring("one"));
    CHECK(test::gauge_of(to->status(), "lines_dropped_line_too_long_total") == 1);
}

TEST_CASE("without authorization the lines wait, and the stage says so", "[loki_sink]") {
    script loki{{{"401 Unauthorized", "no org id"}}};
    test::finished_batches reports;
    auto options = loki.options();
    options.waiting_bytes_max = 1;
    auto const to = make_loki_sink(options);
    REQUIRE(to->open(reports));
    auto events = lines({"one"});
    REQUIRE(to->write(events));
    REQUIRE(test::comes_true([&] { return !to->status().up; }));
    CHECK_THAT(to->status().reason, ContainsSubstring("responds with status 401: no org id"));
    std::jthread const canceller{[&] { to->cancel(); }};
    events = lines({"no room for this"});
    CHECK(to->write(events).error().code == errc::cancelled);
    CHECK(events.events.size() == 1);
    CHECK(reports.count() == 0);
}

TEST_CASE("lines of many batches go in one request", "[loki_sink]") {
    script loki{{{"204 No Content", ""}}};
    test::finished_batches reports;
    auto options = loki.options();
    options.push_age_max = 1h;
    options.push_bytes_max = 4096;
    auto const to = make_loki_sink(options);
    REQUIRE(to->open(reports));
    for (int i = 0; i < 3; ++i) {
        auto events = lines({std::string(1500, 'x')});
        REQUIRE(to->write(events));
    }
    REQUIRE(reports.wait(3).size() == 3);
    CHECK(loki.all().size() == 1);
}

TEST_CASE("over TLS Loki must have a certificate that is to be trusted", "[loki_sink]") {
    test::scratch_folder const folder;
    test::certificate_authority const authority{"tests"};
    auto const files = authority.issue(folder.path("loki"), "IP:127.0.0.1");
    script loki{{{"204 No Content", ""}}, {.certificate = files.certificate, .key = files.key}};
    test::finished_batches reports;
    auto options = loki.options();
    options.tls = true;
    options.ca_file = authority.write_certificate(folder.path("ca.crt"));
    auto const to = make_loki_sink(options);
    REQUIRE(to->open(reports));
    auto events = lines({"one"});
    REQUIRE(to->write(events));
    REQUIRE(reports.wait(1).size() == 1);

    options.ca_file = test::certificate_authority{"others"}.write_certificate(folder.path("others.crt"));
    auto const wary = make_loki_sink(options);
    REQUIRE(wary->open(reports));
    events = lines({"two"});
    REQUIRE(wary->write(events));
    REQUIRE(test::comes_true([&] { return !wary->status().up; }));
    CHECK_THAT(wary->status().reason, ContainsSubstring("certificate verify failed"));
    CHECK(loki.all().size() == 1);
}

TEST_CASE("options that can never work are an error at once", "[loki_sink]") {
    test::finished_batches reports;
    auto const code = [&](loki_sink_options const& options) {
        return make_loki_sink(options)->open(reports).error().code;
    };
    CHECK(code({.address = "nowhere:x"}) == errc::invalid_argument);
    CHECK(code({.username = "me", .password = ""}) == errc::invalid_argument);
    CHECK(code({.tenant = "a\r\nb"}) == errc::invalid_argument);
    CHECK(code({.streams_max = 0}) == errc::invalid_argument);
    CHECK(code({.tls = true, .ca_file = "/nowhere.pem"}) == errc::invalid_argument);
}

TEST_CASE("where a Loki of the list fails, the next one gets the push at once", "[loki_sink]") {
    script unavailable{{{"503 Service Unavailable", "ring"}}};
    script lives{{{"204 No Content", ""}}};
    auto options = lives.options();
    options.address = unavailable.options().address + "," + options.address;
    auto const sink = make_loki_sink(options);
    test::finished_batches finished;
    REQUIRE(sink->open(finished).has_value());
    for (std::size_t i = 1; i <= 3; ++i) {
        auto events = lines({fmt::format("line {}", i)});
        REQUIRE(sink->write(events).has_value());
        REQUIRE(finished.wait(i).size() == i);
    }
    CHECK(lives.all().size() == 3);
    CHECK(unavailable.all().size() >= 1);
    auto const now = sink->status();
    CHECK(now.up);
    CHECK(test::gauge_of(now, "hosts_down") == 1);
    CHECK_THAT(now.reason, ContainsSubstring("HTTP 503"));
}

TEST_CASE("pushes take turns over the Lokis of a list", "[loki_sink]") {
    script one{{{"204 No Content", ""}}};
    script two{{{"204 No Content", ""}}};
    auto options = one.options();
    options.address += "," + two.options().address;
    auto const sink = make_loki_sink(options);
    test::finished_batches finished;
    REQUIRE(sink->open(finished).has_value());
    for (std::size_t i = 1; i <= 4; ++i) {
        auto events = lines({fmt::format("line {}", i)});
        REQUIRE(sink->write(events).has_value());
        REQUIRE(finished.wait(i).size() == i);
    }
    CHECK(one.all().size() == 2);
    CHECK(two.all().size() == 2);
}
