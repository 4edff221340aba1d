// `produce`: lines to a forwarder, or to any other sink.
#include "core/log.hpp"
#include "process.hpp"
#include "progress.hpp"
#include "stall_timer.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

namespace logpipe::cli {

result<pipeline_spec> pipeline_of_produce(settings const& options, argument_list const& rest) {
    auto from = source_uri_of(options, rest.empty() ? std::string{} : rest.front());
    if (!from) return from.error();
    return pipeline_spec{.name = options.subcommand(), .hops = {hop_of_produce(options, *std::move(from))}};
}

int run_produce(settings const& options, pipeline_spec const& spec) {
    shared_resources shared;
    progress_view view;
    stall_timer stall{give_up_after(options, spec.hops.front().from)};
    bool given_up = false;
    process whole{options, spec, shared};
    if (auto built = whole.build(); !built) return report_failure(options, built.error());
    whole.on_tick([&](process_snapshot const& now) {
        view.tick(now.pumps.front());
        if (given_up || !stall.expired(now.pumps.front())) return;
        given_up = true;
        log_error("produce: nothing was acked for {}; is a forwarder listening at {}?", options.text("give-up-after"),
                  options.text("to"));
        whole.abandon();
    });
    auto const status = whole.run();
    auto const last = whole.snapshot();
    view.finish(last.pumps.front());
    return say_dead_letters(last, spec, status);
}

}  // namespace logpipe::cli
