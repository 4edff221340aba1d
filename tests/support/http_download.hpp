// Downloads from a scripted server, for tests of the HTTP source.
#pragma once

#include "http/http.hpp"
#include "lines/lines.hpp"
#include "support/http_script.hpp"
#include "support/source_reading.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace logpipe::test {

using namespace http;
using namespace lines;

inline http::http_source_options options_for(std::string url) {
    return {.url = std::move(url),
            .connect_timeout = std::chrono::seconds{20},
            .idle_timeout = std::chrono::seconds{20},
            .resumes_max = 3,
            .lines = {.tag = "app.follow", .run_id = "20260131T013139Z-0123456789ab"}};
}

inline all_read download(http::http_source_options options) {
    auto const from = http::make_http_source(std::move(options));
    all_read got;
    if (auto opened = from->open(); !opened) {
        got.failure = opened.error();
        return got;
    }
    return read_all(*from);
}

inline all_read download(http_script const& server, std::string_view path = "/lines.jsonl") {
    return download(options_for(server.url(path)));
}

inline std::string numbered(std::size_t count) {
    std::string text;
    for (std::size_t i = 0; i < count; ++i) text += "{\"number\": " + std::to_string(i) + "}\n";
    return text;
}

}  // namespace logpipe::test
