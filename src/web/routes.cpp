#include "routes.hpp"

#include "base/clean_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe {

namespace {

web_answer healthz_page(web_options const&) {
    return text_answer(200, "ok\n");
}

web_answer readyz_page(web_options const& options) {
    auto const process = options.look();
    std::string reasons;
    for (auto const& pump : process.pumps)
        for (auto const& stage : pump.stages)
            if (!stage.up)
                reasons +=
                    fmt::format("{} of {}: {}\n", clean_line(stage.name), clean_line(pump.name), clean_line(stage.why));
    if (process.draining) reasons += "draining: what is held is finished, nothing new is taken in\n";
    if (!process.ready && reasons.empty()) reasons = "not ready yet\n";
    if (reasons.empty()) return text_answer(200, "ready\n");
    return text_answer(503, std::move(reasons));
}

web_answer metrics_page(web_options const& options) {
    return {.status = 200,
            .content_type = "text/plain; version=0.0.4; charset=utf-8",
            .body = to_prometheus(options.look()),
            .allow = {}};
}

web_answer status_page(web_options const& options) {
    return {.status = 200, .content_type = "application/json", .body = to_json(options.look()), .allow = {}};
}

struct page {
    std::string_view path;
    web_answer (*make)(web_options const&);
};
constexpr std::array pages{page{"/healthz", healthz_page}, page{"/readyz", readyz_page}, page{"/metrics", metrics_page},
                           page{"/api/status", status_page}};
constexpr std::string_view tap_path = "/api/tap";
constexpr std::string_view produce_path = "/produceEventsToPipeline";

/// The path of a request target: without the query, and without scheme and host where a client writes the whole URL
/// (RFC 9112 section 3.2.2).
std::string_view path_of(std::string_view target) {
    if (target.starts_with("http://") || target.starts_with("https://")) {
        auto const path = target.find('/', target.find("//") + 2);
        target = path == std::string_view::npos ? "/" : target.substr(path);
    }
    return target.substr(0, target.find('?'));
}

web_answer wrong_method(std::string_view path, std::string allow) {
    auto answer = problem_answer(405, fmt::format("{} answers {} only.", path, allow));
    answer.allow = std::move(allow);
    return answer;
}

web_answer no_page(web_options const& options) {
    std::string known;
    for (auto const& page : pages) known += fmt::format(" {}", page.path);
    if (options.tap) known += fmt::format(" {}", tap_path);
    if (options.produce) known += fmt::format(" {}", produce_path);
    return problem_answer(404, fmt::format("There is no such page. There are:{}", known));
}

}  // namespace

web_route find_route(web_request const& request, web_options const& options) {
    auto const path = path_of(request.target);
    if (options.produce && path == produce_path) {
        // HEAD is not here: it must change nothing, and a GET of this page does.
        if (request.method == "GET" || request.method == "POST") return {.answer = {}, .produce = true};
        return {.answer = wrong_method(path, "GET, POST")};
    }
    if (options.tap && path == tap_path) {
        if (request.method != "GET") return {.answer = wrong_method(path, "GET")};
        auto tap = open_tap_route(request.target, options);
        return {.answer = tap.refusal, .produce = false, .tap = std::move(tap)};
    }
    auto const found = std::ranges::find(pages, path, &page::path);
    if (found == pages.end()) return {.answer = no_page(options)};
    if (request.method != "GET" && request.method != "HEAD") return {.answer = wrong_method(path, "GET, HEAD")};
    return {.answer = found->make(options)};
}

}  // namespace logpipe
