// `ship`: one pump from the containers' logs to Loki.
#include "subcommands.hpp"
#include "transfer.hpp"

namespace logpipe::cli {

int run_ship(settings const& options, argument_list const& /*rest*/) {
    endpoints ends{options};
    auto from = ends.make_source(options.text("from"));
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
