// The web app: each request to /produceEventsToPipeline is one produce run.
#include "base/clock.hpp"
#include "base/log.hpp"
#include "patience.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"
#include "version.hpp"

#include <fmt/format.h>

#include <unistd.h>
#include <mutex>

namespace logpipe {

using namespace std::chrono_literals;

namespace {

/// The produce run of the moment. The web server's threads and the main one call it.
class produce_runs final {
  public:
    produce_runs(settings const& options, std::string from)
        : options_{options}, from_{std::move(from)}, started_ns_{now_ns()} {}

    produce_answer run() {
        endpoints ends{options_};
        auto made = make_produce(ends, from_);
        if (!made) return {.status = 502, .message = made.error().message};
        std::shared_ptr<pump> const moving = std::move(made->moving);
        {
            std::lock_guard lock{mutex_};
            if (stopping_) return {.status = 502, .message = "the server is stopping"};
            now_ = moving;
        }
        moving->start();
        auto answer = wait(*moving);
        std::lock_guard lock{mutex_};
        before_ += answer.book.counts;
        now_.reset();
        return answer.answer;
    }

    void stop() {
        std::lock_guard lock{mutex_};
        stopping_ = true;
        if (now_) now_->stop();
    }
    void abandon() {
        std::lock_guard lock{mutex_};
        if (now_) now_->abandon();
    }
    [[nodiscard]] bool busy() const {
        std::lock_guard lock{mutex_};
        return now_ != nullptr;
    }

    [[nodiscard]] process_snapshot look() const {
        process_snapshot out{.subcommand = "serve", .version = std::string{version_text}, .pid = getpid()};
        out.started_ns = started_ns_;
        out.warnings = newest_warnings();
        std::lock_guard lock{mutex_};
        out.draining = stopping_;
        out.book.counts = before_;
        if (now_) {
            out.pumps.push_back(now_->snapshot());
            out.book.counts += out.pumps.front().book.counts;
            out.book.in_flight = out.pumps.front().book.in_flight;
        }
        out.ready = !stopping_ && all_up(out);
        return out;
    }

  private:
    struct ended {
        produce_answer answer;
        ledger book;
    };

    ended wait(pump& moving) {
        patience waiting{options_.duration("give-up-after")};
        while (!moving.wait_until(std::chrono::steady_clock::now() + 200ms))
            if (waiting.is_out(moving.snapshot())) moving.abandon();
        auto const last = moving.snapshot();
        auto const events = last.book.counts.in - last.book.in_flight;
        auto const failure = moving.failure();
        if (!failure)
            return {{.status = 200,
                     .message = fmt::format("{} events are safe at {}", events, options_.text("to")),
                     .events = events},
                    last.book};
        auto why = failure->message;
        for (auto const& stage : last.stages)
            if (!stage.up) why += fmt::format("; {}: {}", stage.name, stage.why);
        return {{.status = 502, .message = why, .events = events}, last.book};
    }

    settings const& options_;
    std::string const from_;
    std::int64_t const started_ns_;
    mutable std::mutex mutex_;   // guards all below
    std::shared_ptr<pump> now_;  // shared by the thread that runs it and by those that look at it
    event_counts before_;
    bool stopping_ = false;
};

}  // namespace

int run_serve(settings const& options, argument_list const& /*rest*/) {
    auto const from = source_uri_of(options, {});
    if (!from) return report_failure(options, from.error());
    produce_runs runs{options, *from};
    auto server = start_web_server({.listen = options.text("listen"),
                                    .look = [&runs] { return runs.look(); },
                                    .produce = [&runs] { return runs.run(); },
                                    .tap = {}});
    if (!server) return report_failure(options, server.error());
    log_info("serve: http://{} answers; /produceEventsToPipeline sends {} to {}", options.text("listen"), *from,
             options.text("to"));
    while (!signal_came(1000ms)) {
    }
    runs.stop();
    auto const end = std::chrono::steady_clock::now() + options.duration("drain-timeout");
    while (runs.busy() && std::chrono::steady_clock::now() < end && !signal_came(50ms)) {
    }
    bool const drained = !runs.busy();
    runs.abandon();
    return drained ? exit_done : exit_undrained;
}

}  // namespace logpipe
