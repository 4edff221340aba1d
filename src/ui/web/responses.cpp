#include "responses.hpp"

namespace logpipe::web {

namespace {

std::string_view title_of(unsigned status) noexcept {
    switch (status) {
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 421:
            return "Misdirected Request";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Error";
    }
}

/// `more` adds further members.
web_response problem(unsigned status, std::string_view detail, auto more) {
    return {.status = status, .content_type = "application/problem+json", .body = json_line([&](json_object& members) {
                                                                              members.add("type", "about:blank");
                                                                              members.add("title", title_of(status));
                                                                              members.add("status", status);
                                                                              members.add("detail", detail);
                                                                              more(members);
                                                                          })};
}

}  // namespace

web_response text_response(unsigned status, std::string body) {
    return {.status = status, .content_type = "text/plain; charset=utf-8", .body = std::move(body)};
}

web_response json_response(std::string body) {
    return {.status = 200, .content_type = "application/json", .body = std::move(body)};
}

web_response error_response(error const& reason) {
    switch (reason.code) {
        case errc::invalid_argument:
            return problem_response(400, reason.message);
        case errc::not_found:
            return problem_response(404, reason.message);
        case errc::busy:
        case errc::timed_out:
        case errc::storage_full:
        case errc::not_connected:
            return problem_response(503, reason.message);
        default:
            return problem_response(500, reason.message);
    }
}

web_response problem_response(unsigned status, std::string_view detail) {
    return problem(status, detail, [](json_object&) {});
}

web_response produce_page(produce_response const& response) {
    auto const status = static_cast<unsigned>(response.status);
    if (status >= 400)
        return problem(status, response.message, [&](json_object& members) {
            members.add("message", response.message);
            members.add("events", response.events);
        });
    return {.status = status, .content_type = "application/json", .body = json_line([&](json_object& members) {
                                                                      members.add("message", response.message);
                                                                      members.add("status", "success");
                                                                      members.add("events", response.events);
                                                                  })};
}

std::string_view token_problem(bool none_was_shown) {
    return none_was_shown ? "the server requires a token: give --auth-token-file"
                          : "the server does not accept the token of --auth-token-file";
}

}  // namespace logpipe::web
