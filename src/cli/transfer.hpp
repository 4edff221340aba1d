// What several subcommands put together in the same way.
#pragma once

#include "endpoints.hpp"
#include "process.hpp"
#include "runtime/pump.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::cli {

/// Whether the operator means it: asks on a terminal; elsewhere --yes must be there.
/// @param consequence  a sentence
[[nodiscard]] result<bool> is_meant(settings const& options, std::string_view consequence);
/// Says why, with the way out, and gives the exit status that belongs to it.
[[nodiscard]] int report_failure(settings const& options, error const& reason);

/// The last word of a run that comes to an end: how many events are dead letters, where, and how to look at them.
/// Nothing where there are none.
/// @param storing_count  how many of the last pumps store what came through
/// @return `status`, or exit_all_dead where it is exit_done and no event was stored
[[nodiscard]] int say_dead_letters(process_snapshot const& last, std::string const& uri, std::size_t storing_count,
                                   int status);

/// One pump with its dead letters, made from URIs.
struct transfer {
    std::unique_ptr<dead_letters> dead;  // outlives the pump
    std::unique_ptr<runtime::pump> moving;
};

/// What `produce` and `serve` run: lines from the one source that the options name, to --to.
[[nodiscard]] result<transfer> make_produce(endpoints& ends, std::string const& from_uri);
/// The source that --url, --file, --demo, --from or the argument names.
/// @return errc::invalid_argument when it is none, or more than one.
[[nodiscard]] result<std::string> source_uri_of(settings const& options, std::string const& argument);

/// How long a run waits for an ack: --give-up-after, or for ever (zero) where nothing is said and the input cannot be
/// read again, as a pipe's: what is given up would be lost.
[[nodiscard]] std::chrono::milliseconds give_up_after(settings const& options, std::string const& from_uri);
/// A URI as it may be logged.
[[nodiscard]] std::string without_login(std::string_view uri);

[[nodiscard]] bool writes_to_standard_output(std::string_view uri) noexcept;

/// The ledger of a process whose first pump fills a journal and whose second, where there is one, empties it.
/// @param journal_begin  the journal's synced offset before the first pump was started: what earlier processes put
///                       there, which is added to the first pump's own figures
[[nodiscard]] ledger journal_book(process_snapshot& now, std::uint64_t journal_begin);

/// The ledger of a process whose pumps fill a journal, empty it into Kafka, and index from there. `in` is what Kafka
/// gave or still holds, and what has not come to it yet: a repeat that a crash put there twice was taken in twice.
/// @param journal_begin  as above
[[nodiscard]] ledger broker_book(process_snapshot& now, std::uint64_t journal_begin);

[[nodiscard]] double gauge_of(stage_status const& stage, std::string_view name);

}  // namespace logpipe::cli
