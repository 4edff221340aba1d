#include "docker_end.hpp"

#include "core/options.hpp"
#include "docker/docker.hpp"
#include "docker_metrics.hpp"

namespace logpipe::docker {

namespace {

using options = docker_source_options;

option_set<options>::group project_option() {
    option row{"project", option_kind::list, "NAME", "Follow only containers of this compose project.", {}};
    row.in_uri_only = true;
    return {{std::move(row), [](options& into, option_values const& from) -> result<> {
                 for (auto const& each : from.list("project"))
                     into.labels.push_back("com.docker.compose.project=" + each);
                 return {};
             }}};
}

option_set<options> const& source_options() {
    static option_set<options> const set{
        in_uri(list<&options::labels>("label", "KEY=VALUE",
                                      "Follow only containers with this label; of several, with all of them.")),
        project_option(),
        text<&options::positions_file>("positions", "FILE", "File that keeps how far each container's log is shipped."),
        list<&options::limited_services>(
            "limited-services", "NAME",
            "Services that log for each line shipped, besides ship's own and Loki's; may be repeated."),
        count<&options::limited_lines_per_second>("limited-rate",
                                                  "Maximum lines a second read from each of the --limited-services."),
    };
    return set;
}

result<std::unique_ptr<source>> make_end(end_request const& request) {
    auto made = source_options_of(request);
    if (!made) return made.error();
    return make_docker_source(*std::move(made));
}

}  // namespace

result<docker_source_options> source_options_of(end_request const& request) {
    auto made = source_options().read(request.values);
    if (!made) return made.error();
    std::string_view socket = request.uri.rest;
    if (socket.starts_with("unix://")) socket.remove_prefix(7);
    if (!socket.empty()) made->socket = socket;
    return *std::move(made);
}

end_descriptor const docker_end{
    .name = "docker",
    .source_schemes = {"docker"},
    .title = "Docker",
    .summary = "The logs of Docker's containers, as they come and go.",
    .form = "docker:SOCKET?project=NAME&label=KEY=VALUE (docker: is every container)",
    .source_options = source_options().rows(),
    .source_stage = "docker_source",
    .source_metrics = {metrics::containers_followed, metrics::containers_degraded, metrics::pending_bytes,
                       metrics::unsafe_bytes, metrics::lines, metrics::logs_cut_off, metrics::throttled_reads},
    .make_source = make_end,
    .examples = {"logpipe ship --from 'docker:?project=logpipe' --to loki://localhost:3100"},
};

}  // namespace logpipe::docker
