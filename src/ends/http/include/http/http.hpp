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
    std::string username;  ///< with the password: basic authentication
    std::string password;
    std::string password_file;
    std::string token;  ///< a bearer token (RFC 6750)
    std::string token_file;
    std::string header_file;  ///< fields of each request, a line each: "Name: value"
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds idle_timeout{30'000};
    int redirects_max = 5;
    int resumes_max = 10;                       ///< attempts in a row without a new byte before the source fails
    std::chrono::seconds retry_after_max{600};  ///< a server that wants a longer pause (Retry-After) is an error
    lines::line_options lines{};
};
[[nodiscard]] std::unique_ptr<source> make_http_source(http_source_options options);

extern end_descriptor const http_end;

}  // namespace logpipe::http
