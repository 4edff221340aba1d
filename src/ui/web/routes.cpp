#include "routes.hpp"

#include "assets.hpp"
#include "core/clean_text.hpp"
#include "query_string.hpp"
#include "status/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::web {

namespace {

web_response healthz_page(web_options const&) {
    return text_response(200, "ok\n");
}

web_response readyz_page(web_options const& options) {
    auto const process = options.snapshot();
    std::string reasons;
    for (auto const& pump : process.pumps)
        for (auto const& stage : pump.stages)
            if (!stage.up)
                reasons +=
                    fmt::format("{} of {}: {}{}{}\n", clean_line(stage.name), clean_line(pump.name),
                                clean_line(stage.reason), stage.hint.empty() ? "" : ". ", clean_line(stage.hint));
    if (process.draining) reasons += "draining: finishes what it has read, reads nothing new\n";
    if (!process.ready && reasons.empty()) reasons = "not ready yet\n";
    if (reasons.empty()) {
        auto const& letters = process.letters;
        if (!letters || letters->reason.empty()) return text_response(200, "ready\n");
        return text_response(200,
                             fmt::format("ready\n{}: {}\n", clean_line(letters->name), clean_line(letters->reason)));
    }
    return text_response(503, std::move(reasons));
}

web_response metrics_page(web_options const& options) {
    return {.status = 200,
            .content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = status::to_prometheus(options.snapshot())};
}

web_response status_page(web_options const& options) {
    return json_response(status::to_json(options.snapshot()));
}

struct page {
    std::string_view path;
    web_response (*make)(web_options const&);
};
constexpr std::string_view health_path = "/healthz";
constexpr std::array pages{page{health_path, healthz_page}, page{"/readyz", readyz_page},
                           page{"/metrics", metrics_page}, page{"/api/status", status_page}};
constexpr std::array<std::string_view, 3> health_paths{health_path, "/readyz", "/metrics"};
constexpr std::string_view tap_path = "/api/tap";
constexpr std::string_view produce_path = "/produceEventsToPipeline";
constexpr std::string_view session_path = "/api/session";

web_response wrong_method(std::string_view path, std::string allow) {
    auto response = problem_response(405, fmt::format("{} supports {} only.", path, allow));
    response.allow = std::move(allow);
    return response;
}

web_response no_page(web_options const& options) {
    std::string known;
    for (auto const& page : pages) known += fmt::format(" {}", page.path);
    if (options.tap) known += fmt::format(" {}", tap_path);
    if (options.produce) known += fmt::format(" {}", produce_path);
    if (options.page) known += " /";
    return problem_response(404, fmt::format("Not found. Paths of this server:{}", known));
}

web_route produce_route(web_request const& request, web_options const& options, request_guard const& guard) {
    // HEAD is not here: it must change nothing, and a GET of this page does. Off loopback a browser does not say which
    // site makes it send a GET, as for an image.
    bool const may_get = options.produce_by_get == run_by_get::yes ||
                         (options.produce_by_get == run_by_get::on_loopback && guard.is_loopback());
    bool const stops = options.stop_produce && request.method == "DELETE";
    if (request.method != "POST" && !stops && !(may_get && request.method == "GET"))
        return {.response = wrong_method(produce_path, fmt::format("{}POST{}", may_get ? "GET, " : "",
                                                                   options.stop_produce ? ", DELETE" : ""))};
    if (!is_same_origin(request))
        return {.response = problem_response(403, "Another site's page may not start or stop a run.")};
    if (stops)
        return {.response = options.stop_produce()
                                ? json_response(json_line([](json_object& whole) { whole.add("stopping", true); }))
                                : problem_response(409, "No run is going on.")};
    if (!request.body.empty() && !request.content_type.starts_with("application/json"))
        return {.response = problem_response(415, "The body must be application/json.")};
    auto what = produce_request_of(request.body);
    if (!what) return {.response = error_response(what.error())};
    return {.response = {}, .produce = true, .what = *std::move(what)};
}

web_route logs_route(web_request const& request, web_options const& options, bool lines) {
    return {
        .response = {}, .query = logs_query(request, lines), .searches = scans_rows(request, options.page->documents)};
}

/// A page that only some processes have.
struct api_page {
    std::string_view path;
    std::string_view method;
    bool (*is_there)(page_options const&);
    web_route (*make)(web_request const&, web_options const&);
};
constexpr auto always = [](page_options const&) { return true; };
constexpr auto has_logs = [](page_options const& page) { return static_cast<bool>(page.open_logs); };
constexpr auto has_letters = [](page_options const& page) { return page.letters != nullptr; };

constexpr std::array api_pages{
    api_page{
        "/api/page", "GET", always,
        [](web_request const&, web_options const& options) { return web_route{.response = page_response(options)}; }},
    api_page{"/api/processes", "GET", always,
             [](web_request const&, web_options const& options) {
                 return web_route{.response = json_response(processes_json(*options.page) + "\n")};
             }},
    api_page{"/api/live", "GET", always,
             [](web_request const&, web_options const&) { return web_route{.response = {}, .live = true}; }},
    api_page{
        "/api/logs/overview", "GET", has_logs,
        [](web_request const& request, web_options const& options) { return logs_route(request, options, false); }},
    api_page{"/api/logs/lines", "GET", has_logs,
             [](web_request const& request, web_options const& options) { return logs_route(request, options, true); }},
    api_page{"/api/dead-letters", "GET", has_letters,
             [](web_request const& request, web_options const&) {
                 return web_route{.response = {}, .query = dead_letters_query(request, false)};
             }},
    api_page{"/api/dead-letters/retry", "POST", has_letters,
             [](web_request const& request, web_options const&) {
                 if (!is_same_origin(request))
                     return web_route{.response = problem_response(403, "Another site's page may not do that.")};
                 if (!request.content_type.starts_with("application/json"))
                     return web_route{.response = problem_response(415, "The body must be application/json.")};
                 return web_route{.response = {}, .query = dead_letters_query(request, true)};
             }},
};

web_route api_route(api_page const& page, web_request const& request, web_options const& options) {
    if (request.method != page.method) return {.response = wrong_method(page.path, std::string{page.method})};
    return page.make(request, options);
}

bool reads(web_request const& request) {
    return request.method == "GET" || request.method == "HEAD";
}

}  // namespace

bool is_health_check(web_request const& request) {
    return std::ranges::find(health_paths, path_of(request.target)) != health_paths.end();
}

web_route find_route(web_request const& request, web_options const& options, request_guard const& guard) {
    auto const path = path_of(request.target);
    // Health checks ask by names that only their proxy knows; "ok" reveals nothing.
    if (path != health_path)
        if (auto rejection = guard.rejection(request)) return {.response = *std::move(rejection)};
    if (options.page) {
        if (auto const file = std::ranges::find(assets(), path, &asset::path); file != assets().end()) {
            if (!reads(request)) return {.response = wrong_method(path, "GET, HEAD")};
            return {.response = {.status = 200,
                                 .content_type = std::string{file->content_type},
                                 .body = std::string{file->bytes}}};
        }
        if (path == session_path)
            return {.response = request.method == "POST" ? guard.open_session(request) : wrong_method(path, "POST")};
    }
    if (path != health_path && !guard.is_known(request))
        return {.response = problem_response(401, "Show the token, as \"Authorization: Bearer TOKEN\".")};
    if (options.produce && path == produce_path) return produce_route(request, options, guard);
    if (options.page)
        if (auto const found = std::ranges::find(api_pages, path, &api_page::path);
            found != api_pages.end() && found->is_there(*options.page))
            return api_route(*found, request, options);
    if (options.tap && path == tap_path) {
        if (request.method != "GET") return {.response = wrong_method(path, "GET")};
        auto tap = open_tap_route(request.target, options);
        return {.response = tap.rejection, .tap = std::move(tap)};
    }
    auto const found = std::ranges::find(pages, path, &page::path);
    if (found == pages.end()) return {.response = no_page(options)};
    if (!reads(request)) return {.response = wrong_method(path, "GET, HEAD")};
    return {.response = found->make(options), .metrics = found->make == metrics_page};
}

}  // namespace logpipe::web
