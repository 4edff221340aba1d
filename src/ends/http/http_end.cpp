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
        duration<&options::idle_timeout>("idle-timeout", "Timeout of an HTTP server that sends nothing.", {.least = 1}),
        net::client_options<&options::connect_timeout, &options::ca_file, &options::insecure_skip_verify>(),
    };
    return set;
}

result<std::unique_ptr<source>> make_end(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
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
