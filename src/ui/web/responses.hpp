// HTTP requests and responses as plain values, so that tests need no socket.
#pragma once

#include "core/json_writer.hpp"
#include "web/web.hpp"

#include <string>
#include <string_view>

namespace logpipe::web {

struct web_request {
    std::string_view method;  ///< "GET"
    std::string_view target;  ///< as in the request line
    std::string_view body;
    // Header fields; empty where there is none.
    std::string_view host;
    std::string_view origin;
    std::string_view referer;
    std::string_view fetch_site;  ///< Sec-Fetch-Site
    std::string_view content_type;
    std::string_view authorization;
    std::string_view cookie;
};

struct web_response {
    unsigned status = 200;
    std::string content_type;
    std::string body;
    std::string allow;       ///< of a 405
    std::string set_cookie;  ///< of a new session
};

[[nodiscard]] web_response text_response(unsigned status, std::string body);
[[nodiscard]] web_response json_response(std::string body);
/// RFC 9457: {"type":"about:blank","title":…,"status":…,"detail":…}. `detail` may hold any bytes.
[[nodiscard]] web_response problem_response(unsigned status, std::string_view detail);
/// What an error means in HTTP.
[[nodiscard]] web_response error_response(error const& reason);
/// A JSON object that `fill(json_object&)` writes, and a line feed.
[[nodiscard]] std::string json_line(auto const& fill) {
    std::string out;
    {
        json_object whole{out};
        fill(whole);
    }
    out.push_back('\n');
    return out;
}
/// Of `/produceEventsToPipeline`. Success: {"message":…,"status":"success","events":N}. An error is a problem as above
/// with "message" and "events" as well, for clients that know only those.
[[nodiscard]] web_response produce_page(produce_response const& response);
/// What a client of ours reports when the response is 401.
[[nodiscard]] std::string_view token_problem(bool none_was_shown);

}  // namespace logpipe::web
