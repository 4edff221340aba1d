#include "base/log.hpp"
#include "progress.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <chrono>

namespace logpipe {

namespace {

using clock = std::chrono::steady_clock;

/// Ends a run whose receiver has not acked anything for too long.
class patience final {
  public:
    explicit patience(std::chrono::milliseconds time_max) : time_max_{time_max}, since_{clock::now()} {}

    [[nodiscard]] bool is_out(pump_snapshot const& now) {
        auto const safe = now.this_run.indexed + now.this_run.already_there + now.this_run.dead;
        if (safe != safe_before_ || now.book.in_flight == 0) {
            safe_before_ = safe;
            since_ = clock::now();
        }
        return clock::now() - since_ > time_max_;
    }

  private:
    std::chrono::milliseconds const time_max_;
    clock::time_point since_;
    std::uint64_t safe_before_ = 0;
};

}  // namespace

int run_produce(settings const& options, argument_list const& rest) {
    auto const from = source_uri_of(options, rest.empty() ? std::string{} : rest.front());
    if (!from) return report_failure(options, from.error());
    endpoints ends{options};
    auto made = make_produce(ends, *from);
    if (!made) return report_failure(options, made.error());
    auto& moving = *made->moving;

    process whole{options};
    whole.output_is_data(writes_to_standard_output(options.text("to")));
    progress_view view;
    patience waiting{options.duration("give-up-after")};
    whole.on_tick([&](process_snapshot const& now) {
        view.tick(now.pumps.front());
        if (!waiting.is_out(now.pumps.front())) return;
        log_error("produce: nothing was acked for {}; is a forwarder listening at {}?", options.text("give-up-after"),
                  options.text("to"));
        moving.abandon();
    });
    whole.add(std::move(made->moving));
    auto const status = whole.run();
    view.finish(whole.snapshot().pumps.front());
    return status;
}

}  // namespace logpipe
