#include "core/log.hpp"
#include "patience.hpp"
#include "progress.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

namespace logpipe::cli {

int run_produce(settings const& options, argument_list const& rest) {
    auto const from = source_uri_of(options, rest.empty() ? std::string{} : rest.front());
    if (!from) return report_failure(options, from.error());
    endpoints ends{options};
    auto made = make_produce(ends, *from);
    if (!made) return report_failure(options, made.error());
    auto& moving = *made->moving;

    process whole{options};
    whole.show_letters(*made->dead);
    whole.on_tick([&ends](process_snapshot const&) { ends.tend(); });
    whole.output_is_data(writes_to_standard_output(options.text("to")));
    progress_view view;
    patience waiting{give_up_after(options, *from)};
    bool given_up = false;
    whole.on_tick([&](process_snapshot const& now) {
        view.tick(now.pumps.front());
        if (given_up || !waiting.is_out(now.pumps.front())) return;
        given_up = true;
        log_error("produce: nothing was acked for {}; is a forwarder listening at {}?", options.text("give-up-after"),
                  options.text("to"));
        moving.abandon();
    });
    whole.add(std::move(made->moving));
    auto const status = whole.run();
    auto const last = whole.snapshot();
    view.finish(last.pumps.front());
    return say_dead_letters(last, options.text("dead-letters"), 1, status);
}

}  // namespace logpipe::cli
