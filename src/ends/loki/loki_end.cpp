#include "loki_end.hpp"

#include "core/credentials.hpp"
#include "core/options.hpp"
#include "loki/loki.hpp"
#include "loki_metrics.hpp"
#include "net/client_options.hpp"
#include "net/host_list.hpp"
#include "push_sender.hpp"

namespace logpipe::loki {

namespace {

using options = loki_sink_options;

option_set<options> const& sink_options() {
    static option_set<options> const set{
        credentials<&options::username, &options::password, &options::password_file>(
            {.user = "loki-user",
             .user_help = "User for basic authentication at Loki.",
             .password_file = "loki-password-file",
             .password_help = "File whose first line is the password of --loki-user."}),
        text<&options::tenant>("tenant", "NAME", "Tenant of a multi-tenant Loki, sent as X-Scope-OrgID."),
        bytes<&options::push_bytes_max>("push-bytes", "Size at which a push to Loki is sent.", {.least = 1}),
        duration<&options::push_age_max>("push-age", "Maximum time a line waits for others to share its push to Loki."),
        count<&options::streams_max>(
            "streams-max", "Maximum label sets in use; lines of further ones share those of service \"other\".",
            {.least = 1}),
        choice<&options::structured_metadata>("structured-metadata", "no|yes",
                                              "Send the container's id with each line; needs Loki 3."),
        net::certificate_options<&options::certificate_file, &options::key_file>(),
        net::client_options<&options::connect_timeout, &options::ca_file, &options::insecure_skip_verify>(),
    };
    return set;
}

result<std::unique_ptr<sink>> make_end(end_request const& request) {
    auto made = sink_options_of(request);
    if (!made) return made.error();
    return make_loki_sink(*std::move(made));
}

std::vector<metric> all_metrics() {
    std::vector<metric> all{metrics::waiting_bytes,
                            metrics::throttled_streams,
                            metrics::throttled_lines,
                            metrics::streams,
                            metrics::pushes,
                            metrics::bytes_out,
                            metrics::lines_merged,
                            metrics::requests_split,
                            net::hosts_up,
                            net::hosts_down};
    all.insert(all.end(), metrics::lines_dropped.begin(), metrics::lines_dropped.end());
    return all;
}

}  // namespace

result<loki_sink_options> sink_options_of(end_request const& request) {
    auto made = sink_options().read(request.values);
    if (!made) return made.error();
    made->address = request.uri.rest;
    made->tls = request.uri.scheme == "lokis";
    // The sink is opened only after its source, which may take for ever: what can never work is known at start.
    if (auto usable = targets_of(*made); !usable) return in_context("loki", usable.error());
    return *std::move(made);
}

end_descriptor const loki_end{
    .name = "loki",
    .sink_schemes = {"loki", "lokis"},
    .title = "Loki",
    .summary = "Pushes log lines to Loki, with labels for service, container, stream and level.",
    .form = "loki://HOST:PORT,HOST:PORT (lokis:// for TLS)",
    .sink_options = sink_options().rows(),
    .sink_stage = "loki_sink",
    .sink_metrics = all_metrics(),
    .make_sink = make_end,
    .examples = {"logpipe ship --from 'docker:?project=logpipe' --to loki://localhost:3100"},
};

}  // namespace logpipe::loki
