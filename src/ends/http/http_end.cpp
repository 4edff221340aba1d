#include "core/credentials.hpp"
#include "http/http.hpp"
#include "lines/metrics.hpp"
#include "lines/options.hpp"
#include "net/client_options.hpp"

namespace logpipe::http {

namespace {

using options = http_source_options;

option_set<options> const& source_options() {
    static option_set<options> const set{
        within<&options::lines>(lines::options_of_lines()),
        credentials<&options::username, &options::password, &options::password_file>(
            {.user = "url-user",
             .user_help = "User for basic authentication at the URL's server; never sent to another one.",
             .password_file = "url-password-file",
             .password_help = "File whose first line is the password of --url-user."}),
        secret<&options::token, &options::token_file>(
            "url-token-file",
            "File whose first line is a bearer token for the URL's server; never sent to another one."),
        text<&options::header_file>("url-header-file", "FILE",
                                    "Header fields for the URL's server, one a line, as \"X-Api-Key: value\"; never "
                                    "sent to another one."),
        duration<&options::idle_timeout>("idle-timeout", "Timeout of an HTTP server that sends nothing.", {.least = 1}),
        net::client_options<&options::connect_timeout, &options::ca_file, &options::insecure_skip_verify>(),
    };
    return set;
}

result<std::unique_ptr<source>> make_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    if (!made->token.empty() && !made->username.empty())
        return error{errc::invalid_argument, "--url-user and --url-token-file: only one of them can be given"};
    made->url = request.uri.whole;
    made->lines.run_id = request.run_id;
    return make_http_source(*std::move(made));
}

}  // namespace

end_descriptor const http_end{
    .name = "http",
    .source_schemes = {"http", "https"},
    .title = "HTTP download",
    .summary = "Lines of a download, resumed where it breaks off.",
    .form = "http(s)://HOST/PATH",
    .source_options = source_options().rows(),
    .source_stage = "http_source",
    .source_metrics = lines::metrics::of_source(lines::metrics::size_bytes),
    .make_source = make_end,
    .examples = {"logpipe produce --url https://example.org/nginx_json_logs"},
};

}  // namespace logpipe::http
