// The subcommands: a name, what it is for, and the function that runs it to its exit status.
#pragma once

#include "ends.hpp"
#include "logpipe/pipeline.hpp"
#include "settings.hpp"

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace logpipe::cli {

/// Exit statuses, the same everywhere.
enum exit_status : int {
    exit_done = 0,       ///< all that was taken in is safe
    exit_failed = 1,     ///< it could not be done; for `status`: something is down
    exit_usage = 2,      ///< a flag, variable, key or URI is wrong; for `status`: nobody can tell
    exit_undrained = 3,  ///< the drain ran out; what is left is named
    exit_all_dead = 4,   ///< a run that came to its end: every event is a dead letter
};

using argument_list = std::vector<std::string>;

result<pipeline_spec> pipeline_of_run(settings const& options, argument_list const& rest);
result<pipeline_spec> pipeline_of_produce(settings const& options, argument_list const& rest);
result<pipeline_spec> pipeline_of_forward(settings const& options, argument_list const& rest);
result<pipeline_spec> pipeline_of_consume(settings const& options, argument_list const& rest);
result<pipeline_spec> pipeline_of_index(settings const& options, argument_list const& rest);
result<pipeline_spec> pipeline_of_ship(settings const& options, argument_list const& rest);

int run_run(settings const& options, pipeline_spec const& spec);
int run_produce(settings const& options, pipeline_spec const& spec);
int run_forward(settings const& options, pipeline_spec const& spec);
int run_consume(settings const& options, pipeline_spec const& spec);
int run_ship(settings const& options, pipeline_spec const& spec);
int run_serve(settings const& options, argument_list const& rest);
int run_status(settings const& options, argument_list const& rest);
int run_monitor(settings const& options, argument_list const& rest);
int run_tap(settings const& options, argument_list const& rest);
int run_dlq(settings const& options, argument_list const& rest);
int run_verify(settings const& options, argument_list const& rest);
int run_trace(settings const& options, argument_list const& rest);
int run_replay(settings const& options, argument_list const& rest);
int run_skip(settings const& options, argument_list const& rest);
int run_setup(settings const& options, argument_list const& rest);
int run_check(settings const& options, argument_list const& rest);
int run_journal(settings const& options, argument_list const& rest);
int run_help(settings const& options, argument_list const& rest);
int run_simulate(settings const& options, argument_list const& rest);
int run_torture(settings const& options, argument_list const& rest);
int run_version(settings const& options, argument_list const& rest);

struct subcommand {
    std::string_view name;
    std::string_view summary;
    std::string_view arguments;  ///< as in the usage line; empty: it takes none
    std::string_view examples;
    std::span<end_role const> roles;  ///< what it may want of ends
    /// The ends that it is going to have beside its pipeline's, so that options of others are an error; none where it
    /// has none.
    std::vector<used_end> (*uses)(settings const&, argument_list const&);
    /// Of those that run a pipeline what it is, and then the function that runs it; of all others…
    result<pipeline_spec> (*pipeline)(settings const&, argument_list const&) = nullptr;
    int (*run_pipeline)(settings const&, pipeline_spec const&) = nullptr;
    /// …the function that runs them.
    int (*run)(settings const&, argument_list const&) = nullptr;
};

[[nodiscard]] std::span<subcommand const> subcommands() noexcept;
[[nodiscard]] std::vector<std::string_view> subcommand_names();
/// What it may want of ends.
[[nodiscard]] std::span<end_role const> roles_of(std::string_view subcommand) noexcept;
/// Null for an unknown name.
[[nodiscard]] subcommand const* subcommand_of_name(std::string_view name) noexcept;
/// The pipeline that it would run, checked; none where it runs none.
[[nodiscard]] result<std::optional<pipeline_spec>> pipeline_of(subcommand const& which, settings const& options,
                                                               argument_list const& rest);
/// All ends that it is going to have.
[[nodiscard]] std::vector<used_end> uses_of(subcommand const& which, settings const& options, argument_list const& rest,
                                            pipeline_spec const* spec);

}  // namespace logpipe::cli
