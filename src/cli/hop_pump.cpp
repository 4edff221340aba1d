#include "hop_pump.hpp"

#include "core/end_uri.hpp"
#include "runtime/router.hpp"

namespace logpipe::cli {

namespace {

std::string title_of(std::string const& uri) {
    auto const parsed = parse_uri(uri);
    auto const* end = parsed ? end_of_scheme(parsed->scheme) : nullptr;
    return end == nullptr ? std::string{} : std::string{end->title};
}

std::string title_of_transform(std::string_view name) {
    auto const* what = transform_of_name(name.substr(0, name.find(':')));
    return what == nullptr ? std::string{} : std::string{what->title};
}

}  // namespace

result<std::unique_ptr<sink>> make_sink_of(hop_spec const& hop, endpoints& ends) {
    auto to = ends.make_sink(hop.to, hop);
    if (!to || (hop.routes.empty() && hop.tags.empty())) return to;
    std::vector<runtime::route> routes;
    for (auto const& each : hop.routes) {
        auto away = ends.make_sink(each.to, hop);
        if (!away) return away.error();
        routes.push_back({.pattern = each.tags, .to = *std::move(away), .leads_away = true});
    }
    routes.push_back({.pattern = hop.tags.empty() ? "**" : hop.tags, .to = *std::move(to)});
    return runtime::make_router(std::move(routes));
}

result<runtime::supervised_pump> make_pump_of(hop_spec const& hop, std::string name, endpoints& ends,
                                              std::unique_ptr<sink> to, dead_letters* dead) {
    auto from = ends.make_source(hop);
    if (!from) return from.error();
    auto change = ends.make_transform(hop.transform);
    if (!change) return change.error();
    auto moving =
        runtime::make_pump({.from = *std::move(from), .change = *std::move(change), .to = std::move(to), .dead = dead},
                           {.name = std::move(name),
                            .in_flight_bytes_max = hop.in_flight_bytes_max,
                            .source_failure_is_final = hop.source_failure_is_final,
                            .continues_sink = hop.continues_sink});
    return runtime::supervised_pump{.moving = std::move(moving),
                                    .ends = {.source_title = title_of(hop.from),
                                             .source_target = target_of(hop.from),
                                             .transform_title = title_of_transform(hop.transform),
                                             .sink_title = title_of(hop.to),
                                             .sink_target = target_of(hop.to)},
                                    .opens_first = hop.opens_first};
}

}  // namespace logpipe::cli
