// The embedded pipeline of `run`: what is in the data directory, produce runs beside its hops, and the page.
#pragma once

#include "broker_end.hpp"
#include "process.hpp"
#include "produce_runs.hpp"
#include "web/web.hpp"

#include <atomic>
#include <memory>
#include <string>

namespace logpipe::cli {

/// What goes on beside its hops. Declared before the process, which calls it.
class embedded_pipeline final {
  public:
    /// @param spec  its first hop fills the journal, its last one empties it, or the broker behind it
    /// @param shared  of the process
    embedded_pipeline(settings const& options, pipeline_spec const& spec, shared_resources& shared);

    /// Adds the produce runs to its snapshots and its drain, and says when a run --once is over.
    void attach_to(process& whole);
    /// Produce runs and dead letters. @return where a journal cannot be opened
    [[nodiscard]] result<> add_to_page(web::web_options& page, endpoints& ends);

    /// None had to be given up.
    [[nodiscard]] bool produce_runs_ended() const noexcept { return runs_ended_; }
    /// By itself, before the process was stopped.
    [[nodiscard]] bool input_ended() const noexcept { return input_ended_; }

  private:
    void add_to(process_snapshot& now) const;

    settings const& options_;
    bool const has_broker_;
    produce_runs runs_;
    broker_end broker_;
    std::atomic<std::uint64_t> retried_ = 0;
    bool runs_ended_ = true;
    bool input_ended_ = false;
};

/// For hops of the configuration: a run --once is over when the sources have ended, and nothing waits between the hops.
void end_with_sources(process& whole);

/// The page of a process that runs the pipeline itself; null where it is not wanted, or where the default address is
/// taken.
/// @param embedded  null for hops of the configuration: no produce runs, no dead letters
[[nodiscard]] result<std::unique_ptr<web::web_server>> start_page(process& whole, embedded_pipeline* embedded);

}  // namespace logpipe::cli
