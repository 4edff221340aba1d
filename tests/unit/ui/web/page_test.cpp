#include "page_api.hpp"
#include "page_support.hpp"
#include "query_string.hpp"
#include "routes.hpp"
#include "started.hpp"
#include "support/catch.hpp"
#include "support/http_client.hpp"

#include <boost/json.hpp>

#include <atomic>
#include <map>
#include <set>

using namespace logpipe;
using namespace logpipe::web;

namespace {

/// What a request is answered, on this thread.
web_response response_of(web_request const& request, web_options const& options, request_guard const& guard) {
    auto route = find_route(request, options, guard);
    if (!route.query) return route.response;
    query_context context{*options.page};
    return route.query(context);
}

web_response response_of(web_request const& request, web_options const& options) {
    return response_of(request, options, request_guard{{.token = options.token, .loopback = true}});
}

web_response get(std::string_view target, web_options const& options) {
    return response_of({.method = "GET", .target = target, .host = "localhost:8000"}, options);
}

}  // namespace

TEST_CASE("the page's files are there for GET and HEAD, by their own names only", "[page]") {
    whole_page whole;
    auto const options = whole.options();
    for (auto const& [path, type] : std::vector<std::pair<std::string, std::string>>{{"/", "text/html"},
                                                                                     {"/app.js", "text/javascript"},
                                                                                     {"/page.css", "text/css"},
                                                                                     {"/charts.js", "text/javascript"},
                                                                                     {"/icon.svg", "image/svg+xml"}}) {
        INFO(path);
        auto const file = get(path, options);
        REQUIRE(file.status == 200);
        REQUIRE(file.content_type == type + "; charset=utf-8");
        REQUIRE_FALSE(file.body.empty());
        REQUIRE(response_of({.method = "POST", .target = path}, options).status == 405);
    }
    for (auto const* path :
         {"/index.html", "/app.js/", "//app.js", "/../app.js", "/./app.js", "/%61pp.js", "/app.js%00",
          "/..%2f..%2fetc/passwd", "/APP.JS", "/src/web/page/app.js", "/page", "/api", "/api/"}) {
        INFO(path);
        REQUIRE(get(path, options).status == 404);
    }
    web_options without;
    without.snapshot = sample_snapshot;
    REQUIRE(get("/", without).status == 404);
    REQUIRE(get("/api/logs/overview", without).status == 404);
    REQUIRE(get("/api/live", without).status == 404);
}

TEST_CASE("the page holds no script, style or handler separate text, and names no other host", "[page]") {
    whole_page whole;
    auto const html = get("/", whole.options()).body;
    for (auto const* word : {"<style", " style=", " onclick", " onload", "javascript:", "http://", "https://", "//cdn"})
        CHECK_THAT(html, !ContainsSubstring(word));
    for (std::size_t at = 0; (at = html.find("<script", at)) != std::string::npos; ++at)
        CHECK(html.compare(at, 13, "<script src=\"") == 0);
    for (auto const* path :
         {"/app.js", "/pipeline.js", "/chain.js", "/logs.js", "/letters.js", "/produce.js", "/dom.js", "/api.js"}) {
        auto const script = get(path, whole.options()).body;
        INFO(path);
        for (auto const* word :
             {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"})
            CHECK_THAT(script, !ContainsSubstring(word));
    }
}

TEST_CASE("a view is what the query says, in whole minutes", "[page]") {
    whole_page whole;
    auto const response =
        get("/api/logs/overview?from=60001&to=120001&status=4xx&ip=10.0.0.1&request=GET+%2F%C3%A9&q=a%20b",
            whole.options());
    REQUIRE(response.status == 200);
    REQUIRE(response.content_type == "application/json");
    auto const& view = whole.pending_query.at(0);
    CHECK(view.from_minute == 1);
    CHECK(view.to_minute == 3);
    CHECK(view.search == "a b");
    CHECK(view.filters == std::vector<std::pair<std::size_t, std::string>>{{test::facet::status, "4xx"},
                                                                           {test::facet::ip, "10.0.0.1"},
                                                                           {test::facet::request, "GET /é"}});
    auto const json = boost::json::parse(response.body).as_object();
    CHECK(json.at("documents").as_int64() == 9);
    CHECK(json.at("bar_ms").as_int64() == 300'000);
    CHECK(boost::json::serialize(json.at("bars")) == "[[600000,0,0,7,0,2,0,99]]");
    CHECK(json.at("fields").at("request").at("top").at(0).at("value").as_string() == "GET \"/\"\n</script>?");
}

TEST_CASE("queries that are none are rejected with 400, before the store is queried", "[page]") {
    whole_page whole;
    auto const options = whole.options();
    for (auto const* query : {"from=-1",
                              "from=x",
                              "from=1.5",
                              "from=",
                              "from=99999999999999999999",
                              "from=1e3",
                              "from=0x10",
                              "from= 1",
                              "from=120000&to=60000",
                              "nosuch=1",
                              "q=%ff",
                              "q=%",
                              "q=%g0",
                              "q=%1",
                              "q=a%00b",
                              "q=a%0d%0ab",
                              "q=\xff",
                              "%ff=1",
                              "limit=501",
                              "limit=-1",
                              "limit=a",
                              "before=-5",
                              "before=99999999999999999999"}) {
        INFO(query);
        for (auto const* path : {"/api/logs/lines?", "/api/logs/overview?"}) {
            auto const text = std::string{query};
            if (std::string_view{path}.contains("overview") &&
                (text.starts_with("limit") || text.starts_with("before")))
                continue;
            auto const response = get(path + text, options);
            REQUIRE(response.status == 400);
            REQUIRE(response.content_type == "application/problem+json");
            REQUIRE(boost::json::parse(response.body).is_object());
        }
    }
    REQUIRE(get("/api/logs/overview?q=" + std::string(257, 'a'), options).status == 400);
    std::string many = "/api/logs/overview?";
    for (int i = 0; i < 17; ++i) many += "&ip=1";
    REQUIRE(get(many, options).status == 400);
    for (int i = 0; i < 60; ++i) many += "&ip=1";
    REQUIRE(get(many, options).status == 400);
    REQUIRE(whole.pending_query.empty());
    REQUIRE(get("/api/logs/overview?q=slow", options).status == 503);
    REQUIRE(get("/api/logs/overview?", options).status == 200);
    REQUIRE(get("/api/logs/overview?&&", options).status == 200);
}

TEST_CASE("lines are given as texts, to the byte", "[page]") {
    whole_page whole;
    auto const response = get("/api/logs/lines?before=7&limit=2", whole.options());
    REQUIRE(response.body == "{\"before\":3,\"lines\":[{\"row\":9,\"document\":\"{\\\"a\\\":1e400}\"}]}\n");
}

TEST_CASE("dead letters are listed with what they were, bytes that are not text in base64", "[page]") {
    whole_page whole;
    auto const json = boost::json::parse(get("/api/dead-letters", whole.options()).body).as_object();
    CHECK(json.at("dead_letters").as_int64() == 2);
    CHECK(json.at("newest").at(0).at("record").as_string() == "text");
    CHECK(json.at("newest").at(1).at("record_base64").as_string() == "/wE=");
    CHECK(json.at("newest").at(1).at("record_bytes").as_int64() == 20'000);
    CHECK(json.at("incomplete").as_int64() == 1);
    CHECK((json.at("newest").at(1).at("parts").as_int64() == 3 && json.at("newest").at(1).at("found").as_int64() == 2));
    CHECK(get("/api/dead-letters?limit=1001", whole.options()).status == 400);
    CHECK(get("/api/dead-letters?nosuch=1", whole.options()).status == 400);
}

TEST_CASE("dead letters are retried by POST with JSON from the page itself, and by nothing else", "[page]") {
    whole_page whole;
    auto const options = whole.options();
    web_request request{.method = "POST",
                        .target = "/api/dead-letters/retry",
                        .body = R"({"ids":["00000000000010000000000080"]})",
                        .host = "localhost:8000",
                        .content_type = "application/json"};
    CHECK(response_of(request, options).body == "{\"retried\":1}\n");
    request.fetch_site = "same-origin";
    request.origin = "http://localhost:8000";
    CHECK(response_of(request, options).status == 200);
    REQUIRE(whole.letters->chosen.size() == 2);

    for (auto const* site : {"cross-site", "same-site", "?"}) {
        auto foreign = request;
        foreign.fetch_site = site;
        CHECK(response_of(foreign, options).status == 403);
    }
    for (auto const* origin : {"http://evil.example", "http://localhost:8001", "null", "localhost:8000"}) {
        auto foreign = request;
        foreign.fetch_site = {};
        foreign.origin = origin;
        CHECK(response_of(foreign, options).status == 403);
    }
    for (auto const* type : {"", "text/plain", "application/x-www-form-urlencoded"}) {
        auto form = request;
        form.content_type = type;
        CHECK(response_of(form, options).status == 415);
    }
    for (auto const* body :
         {"", "{", "[]", "{}", R"({"ids":[]})", R"({"ids":["x"]})", R"({"ids":[1]})", R"({"all":false})",
          R"({"all":true,"ids":["00000000000010000000000080"]})", R"({"all":1})", "\xff"}) {
        auto wrong = request;
        wrong.body = body;
        INFO(body);
        CHECK(response_of(wrong, options).status == 400);
    }
    for (auto const* method : {"GET", "PUT", "DELETE", "HEAD", "OPTIONS"}) {
        auto other = request;
        other.method = method;
        auto const response = response_of(other, options);
        CHECK(response.status == 405);
        CHECK(response.allow == "POST");
    }
    CHECK(whole.letters->chosen.size() == 2);
}

TEST_CASE("a produce is started by the page or a program, with made-up lines or none", "[page]") {
    whole_page whole;
    auto options = whole.options();
    web_request request{.method = "POST", .target = "/produceEventsToPipeline", .host = "localhost"};
    auto const route = [&] { return find_route(request, options, request_guard{{.loopback = true}}); };
    CHECK(route().produce);
    request.body = R"({"demo":{"lines":10,"rate":5,"seed":1}})";
    CHECK(route().response.status == 415);
    request.content_type = "application/json";
    CHECK(route().what.demo == "lines=10&rate=5&seed=1");
    for (auto const* body :
         {"{", "{}", R"({"demo":{}})", R"({"demo":{"lines":0}})", R"({"demo":{"lines":-1}})",
          R"({"demo":{"lines":1.5}})", R"({"demo":{"lines":"1&rate=2"}})", R"({"demo":{"lines":1,"file":2}})",
          R"({"demo":{"lines":99999999999}})", R"({"demo":{"lines":1},"url":"http://a"})"}) {
        request.body = body;
        INFO(body);
        CHECK(route().response.status == 400);
    }
}

TEST_CASE("who cannot show the token sees the page's files and that the process lives, nothing else", "[page]") {
    whole_page whole;
    auto options = whole.options();
    options.token = "open sesame";
    request_guard const guard{{.token = options.token, .loopback = true}};
    auto const status_of_get = [&](std::string_view target, std::string_view authorization,
                                   std::string_view cookie = {}) {
        return response_of({.method = "GET",
                            .target = target,
                            .host = "localhost",
                            .authorization = authorization,
                            .cookie = cookie},
                           options, guard)
            .status;
    };
    for (auto const* target : {"/", "/app.js", "/healthz"}) CHECK(status_of_get(target, "") == 200);
    for (auto const* target : {"/metrics", "/readyz", "/api/status", "/api/live", "/api/page", "/api/logs/overview",
                               "/api/dead-letters", "/produceEventsToPipeline", "/nothing"}) {
        INFO(target);
        for (auto const* shown : {"", "Bearer", "Bearer ", "Bearer open", "Bearer open sesame!", "Basic open sesame"})
            CHECK(status_of_get(target, shown) == 401);
        CHECK(status_of_get(target, "", "logpipe_session=") == 401);
        CHECK(status_of_get(target, "", "logpipe_session=open sesame") == 401);
    }
    CHECK(status_of_get("/metrics", "Bearer open sesame") == 200);

    web_request login{.method = "POST", .target = "/api/session", .body = "wrong", .host = "localhost"};
    CHECK(response_of(login, options, guard).status == 401);
    CHECK(response_of(login, options, guard).set_cookie.empty());
    login.body = "open sesame";
    login.fetch_site = "cross-site";
    CHECK(response_of(login, options, guard).status == 403);
    login.fetch_site = "same-origin";
    auto const cookie = response_of(login, options, guard).set_cookie;
    CHECK_THAT(cookie, ContainsSubstring("; HttpOnly; SameSite=Strict"));
    auto const pair = cookie.substr(0, cookie.find(';'));
    CHECK(status_of_get("/metrics", "", "a=b; " + pair + "; c=d") == 200);
    CHECK(pair.size() > 40);
}

TEST_CASE("every response says what a page of it may do: nothing from elsewhere", "[page]") {
    whole_page whole;
    auto const server = start(whole.options());
    http_client client{server->port()};
    for (auto const* request : {"GET /", "GET /api/logs/overview", "GET /nothing"}) {
        auto const response = client.submit(request);
        CHECK_THAT(field_of(response, "Content-Security-Policy"), ContainsSubstring("default-src 'none'"));
        CHECK_THAT(field_of(response, "Content-Security-Policy"), !ContainsSubstring("unsafe"));
        CHECK(field_of(response, "X-Content-Type-Options") == "nosniff");
    }
}

TEST_CASE("the live stream tells all who look the same, made once, and makes nothing when nobody snapshots", "[page]") {
    whole_page whole;
    auto options = whole.options();
    std::atomic<int> made = 0;
    options.page->watch = [&made] {
        return std::vector<watched_process>{
            {.address = std::to_string(++made), .now = sample_snapshot(), .reason = {}}};
    };
    auto const server = start(std::move(options));
    CHECK(status_of(http_client{server->port()}.submit("GET /healthz")) == 200);
    CHECK(made == 0);
    std::vector<std::unique_ptr<http_client>> viewers;
    for (int i = 0; i < 10; ++i) {
        viewers.push_back(std::make_unique<http_client>(server->port()));
        viewers.back()->send("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
        auto const head = viewers.back()->response(false);
        CHECK(status_of(head) == 200);
        CHECK(field_of(head, "Content-Type") == "text/event-stream");
    }
    // Each event is made once, for all clients: the same number of it has the same bytes.
    std::map<std::string, std::set<std::string>> events;
    for (auto const& viewer : viewers) {
        auto const event = viewer->until("\n\n");
        REQUIRE(event.starts_with("event: processes\ndata: {"));
        auto const at = event.find("\"address\":");
        events[event.substr(at, event.find(',', at) - at)].insert(event);
    }
    for (auto const& [number, texts] : events) CHECK(texts.size() == 1);
    CHECK(made < 10);
}

TEST_CASE("more viewers than may look are rejected, and a server that ends lets all go", "[page]") {
    whole_page whole;
    auto options = whole.options();
    options.page->viewers_max = 2;
    auto server = start(std::move(options));
    http_client first{server->port()};
    http_client second{server->port()};
    for (auto* each : {&first, &second}) {
        each->send("GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n");
        CHECK(status_of(each->response(false)) == 200);
    }
    http_client third{server->port()};
    CHECK(status_of(third.submit("GET /api/live")) == 503);
    server.reset();
    first.wait_until_closed_by_server();
    second.wait_until_closed_by_server();
}
