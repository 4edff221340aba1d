// The produce run of the moment, of `serve` and of `run`: each request to /produceEventsToPipeline is one.
#pragma once

#include "core/mutex.hpp"
#include "endpoints.hpp"
#include "runtime/supervisor.hpp"
#include "settings.hpp"
#include "web/web.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace logpipe::cli {

/// The web server's threads and the main one call it.
class produce_runs final {
  public:
    /// @param shared  outlives it
    /// @param hop  of each run; `from` is the default source
    /// @param goal  where to, for people
    produce_runs(settings const& options, shared_resources& shared, hop_spec hop, std::string goal)
        : options_{options}, shared_{shared}, hop_{std::move(hop)}, goal_{std::move(goal)} {}

    /// Whether a run could be made of its hop: what is wrong with a URI or an option is wrong from the start.
    [[nodiscard]] result<> check() const;

    /// To its end or its bound, which is logged, whether or not anybody waits for the answer. One at a time.
    [[nodiscard]] web::produce_response run(web::produce_request const& what);
    /// Ends the run that goes on: what it has read becomes safe. @return false: none goes on
    bool cancel();

    void stop();
    void abandon();
    [[nodiscard]] bool busy() const;
    /// Ends the run that goes on, in order, or after the drain's time by giving it up. @return whether it ended in
    /// order
    bool end(std::function<bool()> const& impatient);

    [[nodiscard]] std::string const& source() const noexcept { return hop_.from; }
    struct figures {
        ledger book;                       ///< of all runs since the process started
        std::optional<pump_snapshot> now;  ///< of the run that goes on
        bool stopping = false;
    };
    [[nodiscard]] figures snapshot() const;

  private:
    struct parts {
        std::unique_ptr<dead_letters> dead;  // outlives the pump
        runtime::supervised_pump hop;
    };
    [[nodiscard]] result<parts> make(std::string const& uri) const;
    struct ended {
        web::produce_response answer;
        ledger book;
    };
    /// To its end, and into the figures of all runs.
    [[nodiscard]] ended carry_out(std::string const& uri);
    [[nodiscard]] ended wait(runtime::pump& moving, std::chrono::milliseconds give_up_after) const;
    /// Which of --produce-lines-max and --produce-bytes-max that run has come to, for people; empty: neither.
    [[nodiscard]] std::string bound_of(pump_snapshot const& run) const;
    [[nodiscard]] bool is_cancelled() const;

    settings const& options_;
    shared_resources& shared_;
    hop_spec const hop_;
    std::string const goal_;
    mutable mutex mutex_;
    std::shared_ptr<runtime::pump> now_
        LOGPIPE_GUARDED_BY(mutex_);  // shared by the thread that runs it and by those that take snapshots
    runtime::hop_ends ends_ LOGPIPE_GUARDED_BY(mutex_);  // of that run
    event_counts before_ LOGPIPE_GUARDED_BY(mutex_);
    bool stopping_ LOGPIPE_GUARDED_BY(mutex_) = false;
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;  // the run that goes on
};

}  // namespace logpipe::cli
