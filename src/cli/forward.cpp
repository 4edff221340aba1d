#include "data_mode.hpp"
#include "files/files.hpp"
#include "runtime/dead_letters.hpp"
#include "runtime/router.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

/// The routes of --route, then what always holds: app.** to the journal, Fluentd's own events to standard output.
result<std::unique_ptr<sink>> make_routes(endpoints& ends, journal::topic& topic) {
    std::vector<runtime::route> routes;
    for (auto const& each : ends.options().list("route")) {
        auto const equals = each.find('=');
        if (equals == std::string::npos || equals == 0)
            return error{errc::invalid_argument, fmt::format("--route {}: write it as PATTERN=URI", each)};
        auto to = ends.make_sink(each.substr(equals + 1));
        if (!to) return to.error();
        routes.push_back({.pattern = each.substr(0, equals), .to = *std::move(to), .leads_away = true});
    }
    routes.push_back({.pattern = "app.**", .to = topic.make_sink()});
    routes.push_back({.pattern = "fluent.**", .to = files::make_line_sink("-"), .leads_away = true});
    return runtime::make_router(std::move(routes));
}

}  // namespace

int run_forward(settings const& options, argument_list const& /*rest*/) {
    endpoints ends{options};
    auto const folder = fmt::format("{}/{}", options.text("journal"), options.text("topic"));
    auto topic = ends.open_topic(folder);
    if (!topic) return report_failure(options, topic.error());
    compare_with_data_mode(options, options.text("journal"));
    auto letters = ends.open_topic(folder + ".forward.dlq");
    if (!letters) return report_failure(options, letters.error());
    auto listener = ends.make_source("forward://" + options.text("listen"));
    if (!listener) return report_failure(options, listener.error());
    auto routes = make_routes(ends, **topic);
    if (!routes) return report_failure(options, routes.error());

    auto const dead = runtime::make_dead_letters((*letters)->make_sink(), runtime::letter_form::bundle);
    process whole{options};
    whole.show_letters(*dead);
    whole.on_tick([&ends](process_snapshot const&) { ends.tend(); });
    auto const begin = (*topic)->synced_offset();
    whole.add(runtime::make_pump(
        {.from = *std::move(listener), .change = nullptr, .to = *std::move(routes), .dead = dead.get()},
        {.name = "forward", .in_flight_bytes_max = std::size_t{8} << 20U}));
    if (auto const& uri = options.text("to"); uri != "none") {
        auto to = ends.make_sink(uri);
        if (!to) return report_failure(options, to.error());
        whole.output_is_data(writes_to_standard_output(uri));
        whole.add(runtime::make_pump({.from = (*topic)->make_source(options.text("group")),
                                      .change = nullptr,
                                      .to = *std::move(to),
                                      .dead = dead.get()},
                                     {.name = "deliver", .in_flight_bytes_max = std::size_t{8} << 20U}));
    }
    whole.set_book([begin](process_snapshot& now) { return journal_book(now, begin); });
    return whole.run();
}

}  // namespace logpipe::cli
