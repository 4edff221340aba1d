// `ship`: one pump from the containers' logs to Loki.
#include "core/end_uri.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

/// A service that is named as the host of --to is Loki, which logs for each line shipped.
result<std::string> source_uri(settings const& options) {
    auto const& from = options.text("from");
    auto const to = parse_uri(options.text("to"));
    if (!to) return to.error();
    if (!from.starts_with("docker:") || !to->scheme.starts_with("loki")) return from;
    auto const host = to->rest.substr(0, to->rest.find(':'));
    return fmt::format("{}{}limited-services={}", from, from.contains('?') ? "&" : "?", host);
}

}  // namespace

int run_ship(settings const& options, argument_list const& /*rest*/) {
    endpoints ends{options};
    auto const uri = source_uri(options);
    if (!uri) return report_failure(options, uri.error());
    auto from = ends.make_source(*uri);
    if (!from) return report_failure(options, from.error());
    auto to = ends.make_sink(options.text("to"));
    if (!to) return report_failure(options, to.error());
    auto const dead = ends.make_letters(options.text("dead-letters"));
    if (!dead) return report_failure(options, dead.error());

    process whole{options};
    whole.show_letters(**dead);
    whole.on_tick([&ends](process_snapshot const&) { ends.tend(); });
    whole.output_is_data(writes_to_standard_output(options.text("to")));
    whole.add(runtime::make_pump(
        {.from = *std::move(from), .change = nullptr, .to = *std::move(to), .dead = dead->get()}, {.name = "ship"}));
    return whole.run();
}

}  // namespace logpipe::cli
