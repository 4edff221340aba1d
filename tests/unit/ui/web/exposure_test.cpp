// What a page lets in where other machines, or other sites' pages, reach it.
#include "core/log.hpp"
#include "page_support.hpp"
#include "routes.hpp"
#include "support/catch.hpp"

#include <algorithm>

using namespace logpipe;
using namespace logpipe::web;

namespace {

constexpr std::string_view produce_target = "/produceEventsToPipeline";

unsigned status_of_host(std::string_view host, guard_options rules, std::string_view target = "/api/status") {
    whole_page whole;
    return find_route({.method = "GET", .target = target, .host = host}, whole.options(),
                      request_guard{std::move(rules)})
        .response.status;
}

/// Whether that request starts a run.
bool starts(web_request request, bool loopback, run_by_get by_get = run_by_get::on_loopback) {
    whole_page whole;
    auto options = whole.options();
    options.produce_by_get = by_get;
    request.target = produce_target;
    if (request.host.empty()) request.host = "10.0.0.5:8000";
    return find_route(request, options, request_guard{{.loopback = loopback}}).produce;
}

}  // namespace

TEST_CASE("another site's name for the server is rejected on every address", "[exposure]") {
    for (bool const loopback : {true, false}) {
        INFO(loopback);
        for (auto const* host : {"localhost", "LocalHost:8000", "localhost.", "127.0.0.1:8000", "10.0.0.5",
                                 "[::1]:8000", "[fe80::1]", "a.localhost", "serve", ""})
            CHECK(status_of_host(host, {.loopback = loopback}) == 200);
        for (auto const* host : {"evil.example", "evil.example:8000", "localhost.evil.example",
                                 "127.0.0.1.evil.example", "10.0.0.5.nip.io"})
            CHECK(status_of_host(host, {.loopback = loopback}) == 421);
    }
}

TEST_CASE("a name that was said is allowed as it is and in no other form", "[exposure]") {
    auto const status = [](std::string_view host) {
        return status_of_host(host, {.host_names = {"Logs.Example.com"}});
    };
    for (auto const* host : {"logs.example.com", "LOGS.EXAMPLE.COM:8000", "logs.example.com."})
        CHECK(status(host) == 200);
    for (auto const* host :
         {"evil.logs.example.com", "example.com", "xlogs.example.com", "logs.example.com.evil.example"})
        CHECK(status(host) == 421);
}

TEST_CASE("a refusal names the option that adds a name, and a health check needs none", "[exposure]") {
    whole_page whole;
    auto const response = find_route({.method = "GET", .target = "/", .host = "evil.example"}, whole.options(),
                                     request_guard{guard_options{}})
                              .response;
    CHECK(response.status == 421);
    CHECK_THAT(response.body, ContainsSubstring("--page-host"));
    CHECK(status_of_host("balancer.example", {}, "/healthz") == 200);
}

TEST_CASE("a GET starts a run on a loopback address, or where that is switched on, and nowhere else", "[exposure]") {
    CHECK(starts({.method = "GET"}, true));
    CHECK_FALSE(starts({.method = "GET"}, false));
    CHECK(starts({.method = "GET"}, false, run_by_get::yes));
    CHECK_FALSE(starts({.method = "GET"}, true, run_by_get::no));
    for (bool const loopback : {true, false}) CHECK(starts({.method = "POST"}, loopback));
    whole_page whole;
    auto const rejected = find_route({.method = "GET", .target = produce_target, .host = "10.0.0.5"}, whole.options(),
                                     request_guard{guard_options{}})
                              .response;
    CHECK(rejected.status == 405);
    CHECK(rejected.allow == "POST");
}

TEST_CASE("another site's page starts no run, whatever its browser says of it", "[exposure]") {
    for (auto const* method : {"GET", "POST"}) {
        auto const by = [&](web_request request) {
            request.method = method;
            return starts(request, true, run_by_get::yes);
        };
        CHECK(by({}));
        CHECK(by({.fetch_site = "same-origin"}));
        CHECK(by({.fetch_site = "none"}));
        CHECK(by({.origin = "http://10.0.0.5:8000"}));
        CHECK(by({.referer = "http://10.0.0.5:8000/#/produce"}));
        CHECK(by({.referer = "http://10.0.0.5:8000"}));
        CHECK_FALSE(by({.fetch_site = "cross-site"}));
        CHECK_FALSE(by({.fetch_site = "same-site"}));
        CHECK_FALSE(by({.origin = "http://evil.example"}));
        CHECK_FALSE(by({.origin = "null"}));
        for (auto const* referer :
             {"http://evil.example/", "http://10.0.0.5:8001/", "http://10.0.0.5:8000.evil.example/",
              "http://evil.example/?http://10.0.0.5:8000/", "no URL"})
            CHECK_FALSE(by({.referer = referer}));
        // What the browser says first decides.
        CHECK_FALSE(by({.referer = "http://10.0.0.5:8000/", .fetch_site = "cross-site"}));
        CHECK_FALSE(by({.origin = "http://evil.example", .referer = "http://10.0.0.5:8000/"}));
    }
}

TEST_CASE("the cookie of a session goes by TLS only, where the page does", "[exposure]") {
    for (bool const tls : {true, false}) {
        request_guard const guard{{.token = "open sesame", .tls = tls}};
        auto const cookie = guard.open_session({.body = "open sesame", .host = "localhost"}).set_cookie;
        CHECK(cookie.contains("; Secure") == tls);
    }
}

TEST_CASE("a token that would go in clear to other machines is warned about", "[exposure]") {
    auto const warnings = [] {
        return std::ranges::count_if(recent_notes(),
                                     [](auto const& note) { return note.message.contains("--page-certificate"); });
    };
    whole_page whole;
    auto options = whole.options();
    options.token = "open sesame";
    auto const before = warnings();
    CHECK(start_web_server(options).has_value());
    CHECK(warnings() == before);
    options.listen = "0.0.0.0:0";
    CHECK(start_web_server(options).has_value());
    CHECK(warnings() == before + 1);
}

TEST_CASE("a page that other machines reach wants a token, or that it is said to be open", "[exposure]") {
    for (auto const* listen : {"0.0.0.0:0", ":0"}) {
        whole_page whole;
        auto options = whole.options();
        options.listen = listen;
        auto const rejected = start_web_server(options);
        REQUIRE_FALSE(rejected.has_value());
        CHECK(rejected.error().code == errc::invalid_argument);
        for (auto const* way_out : {"--auth-token-file", "--page-open yes"})
            CHECK_THAT(rejected.error().message, ContainsSubstring(way_out));

        auto open = options;
        open.page->open = true;
        CHECK(start_web_server(open).has_value());
        auto closed = options;
        closed.token = "open sesame";
        CHECK(start_web_server(closed).has_value());
        auto admin = options;
        admin.page.reset();
        CHECK(start_web_server(admin).has_value());
    }
}
