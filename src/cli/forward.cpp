// `forward`: a listener, by default for the forward protocol, a disk buffer, and what empties it.
#include "data_mode.hpp"
#include "process.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

constexpr std::size_t in_flight_bytes_max = std::size_t{12} << 20U;

/// Those of --route, then Fluentd's own events, which go to standard output.
result<std::vector<route_spec>> routes_of(settings const& options) {
    std::vector<route_spec> routes;
    for (auto const& each : options.list("route")) {
        auto const equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return error{errc::invalid_argument, fmt::format("--route {}: write it as PATTERN=URI", each)};
        routes.push_back({.tags = each.substr(0, equals), .to = each.substr(equals + 1)});
    }
    routes.push_back({.tags = "fluent.**", .to = "stdout:"});
    return routes;
}

}  // namespace

result<pipeline_spec> pipeline_of_forward(settings const& options, argument_list const& /*rest*/) {
    auto routes = routes_of(options);
    if (!routes) return routes.error();
    auto const& from = options.text("from");
    if (!from.empty() && !options.is_default("listen"))
        return error{errc::invalid_argument, "--listen is of the forward protocol: leave it out beside --from"};
    auto const journal = fmt::format("journal:{}/{}", options.text("journal"), options.text("topic"));
    auto const dead_letters = journal + ".forward.dlq";
    pipeline_spec spec{.name = "forward",
                       .hops = {{.name = "forward",
                                 .from = from.empty() ? "forward://" + options.text("listen") : from,
                                 .to = journal,
                                 .tags = "app.**",
                                 .routes = *std::move(routes),
                                 .dead_letters = dead_letters,
                                 .in_flight_bytes_max = in_flight_bytes_max,
                                 .continues_sink = true}}};
    if (auto const& to = options.text("to"); to != "none")
        spec.hops.push_back({.name = "deliver",
                             .from = journal,
                             .to = to,
                             .dead_letters = dead_letters,
                             .group = options.text("group"),
                             .in_flight_bytes_max = in_flight_bytes_max});
    return spec;
}

int run_forward(settings const& options, pipeline_spec const& spec) {
    shared_resources shared;
    process whole{options, spec, shared};
    if (auto built = whole.build(); !built) return report_failure(options, built.error());
    compare_with_data_mode(options, options.text("journal"));
    return whole.run();
}

}  // namespace logpipe::cli
