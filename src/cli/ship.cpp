// `ship`: the containers' logs to Loki.
#include "core/end_uri.hpp"
#include "net/address.hpp"
#include "process.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

result<pipeline_spec> pipeline_of_ship(settings const& options, argument_list const& /*rest*/) {
    auto from = options.text("from");
    auto const to = parse_uri(options.text("to"));
    if (!to) return to.error();
    // A service that is named as a host of --to is Loki, which logs for each line shipped. A list that is wrong is
    // reported when its sink is made.
    if (from.starts_with("docker:") && to->scheme.starts_with("loki"))
        if (auto const hosts = net::parse_host_list(to->rest, 3100))
            for (auto const& each : *hosts)
                from += fmt::format("{}limited-services={}", from.contains('?') ? "&" : "?", each.host);
    return pipeline_spec{.name = "ship",
                         .hops = {{.name = "ship",
                                   .from = std::move(from),
                                   .to = options.text("to"),
                                   .dead_letters = options.text("dead-letters"),
                                   .group = "ship"}}};
}

int run_ship(settings const& options, pipeline_spec const& spec) {
    shared_resources shared;
    process whole{options, spec, shared};
    if (auto built = whole.build(); !built) return report_failure(options, built.error());
    return whole.run();
}

}  // namespace logpipe::cli
