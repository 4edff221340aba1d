// What several subcommands put together in the same way.
#pragma once

#include "logpipe/pipeline.hpp"
#include "logpipe/status.hpp"
#include "settings.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace logpipe::cli {

/// Whether the operator means it: asks on a terminal; elsewhere --yes must be there.
/// @param consequence  a sentence
[[nodiscard]] result<bool> is_meant(settings const& options, std::string_view consequence);
/// Says why, with the way out, and gives the exit status that belongs to it.
[[nodiscard]] int report_failure(settings const& options, error const& reason);

/// The last word of a run that comes to an end: how many events are dead letters, where, and how to list them. Nothing
/// where there are none.
/// @return `status`, or exit_all_dead where it is exit_done and the last hop stored no event
[[nodiscard]] int say_dead_letters(process_snapshot const& last, pipeline_spec const& spec, int status);

/// What `produce` and `serve` run: lines from that source to --to.
[[nodiscard]] hop_spec hop_of_produce(settings const& options, std::string from_uri);
/// The source that --url, --file, --demo, --from or the argument names.
/// @return errc::invalid_argument when it is none, or more than one.
[[nodiscard]] result<std::string> source_uri_of(settings const& options, std::string const& argument);

/// How long a run waits for an ack: --give-up-after, or for ever (zero) where nothing is said and the input is
/// followed, or cannot be read again, as a pipe's: what is given up would be lost.
[[nodiscard]] std::chrono::milliseconds give_up_after(settings const& options, std::string const& from_uri);
/// Files by their paths; not standard input.
[[nodiscard]] bool reads_files(std::string_view uri);
[[nodiscard]] bool writes_to_standard_output(std::string_view uri) noexcept;

}  // namespace logpipe::cli
