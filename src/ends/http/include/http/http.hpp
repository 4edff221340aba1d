// Lines of an HTTP(S) download.
#pragma once

#include "lines/lines.hpp"
#include "logpipe/descriptor.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace logpipe::http {

struct http_source_options {
    std::string url;
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds idle_timeout{30'000};
    int redirects_max = 5;
    int resumes_max = 10;  ///< attempts in a row without a new byte before the source fails
    lines::line_options lines{};
};
[[nodiscard]] std::unique_ptr<source> make_http_source(http_source_options options);

extern end_descriptor const http_end;

}  // namespace logpipe::http
