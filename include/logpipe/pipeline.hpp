// A pipeline as a value: what a process is going to run. A subcommand makes one from its options, `run` also from the
// tables [hops.NAME] of logpipe.toml; the supervisor runs it, and `check`, `status` and the page draw it.
#pragma once

#include "logpipe/result.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe {

/// Events whose tag matches `tags` go to `to`: a pattern as in Fluentd, `*` one part, `**` any number of them.
struct route_spec {
    std::string tags;
    std::string to;

    friend bool operator==(route_spec const&, route_spec const&) = default;
};

/// Events from one source through at most one transform to a sink, each by its URI.
struct hop_spec {
    static constexpr std::size_t threads_max = 64;

    std::string name;  ///< its identity: unique, and the same after a restart
    std::string from;
    std::string transform{};  ///< by its name; empty: none
    std::string to;
    std::string tags{};  ///< of the events for `to`; those of other tags are rejected; empty: all go there
    std::vector<route_spec> routes{};  ///< tried first, in this order; what they take counts as routed
    std::string dead_letters;
    std::string group{};                                       ///< names the source's own position, where it keeps one
    std::size_t threads = 1;                                   ///< pumps, each with its own ends
    std::size_t in_flight_bytes_max = std::size_t{64} << 20U;  ///< of each pump
    bool until_end = false;                ///< the source ends with what was there when it was opened
    bool source_failure_is_final = false;  ///< its own retries were all there are
    bool continues_sink = false;  ///< where the source keeps no figures, the ledger counts what the sink held before
    /// Its ends are open before any other hop starts. A store that keeps its position in a journal must tell it
    /// before anything is written there: offsets that the journal lost at its end must not name other events.
    bool opens_first = false;

    friend bool operator==(hop_spec const&, hop_spec const&) = default;
};

struct pipeline_spec {
    std::string name;            ///< of the subcommand
    std::vector<hop_spec> hops;  ///< in the order of the data

    friend bool operator==(pipeline_spec const&, pipeline_spec const&) = default;
};

/// What a URI reads or writes, by which two hops meet: without login and parameters, a path in its normal form.
[[nodiscard]] std::string target_of(std::string_view uri);
/// A URI as it may be logged.
[[nodiscard]] std::string without_login(std::string_view uri);

/// Whether `reader` reads what `writer` writes, by its sink or by a route.
[[nodiscard]] bool feeds(hop_spec const& writer, hop_spec const& reader);
/// @return errc::invalid_argument where it cannot run: names that are missing or there twice, threads that its source
/// cannot have, a hop that writes what it reads, or a circle
[[nodiscard]] result<> check(pipeline_spec const& spec);
/// A few lines for people, one a hop: "index    journal:data/nginx-logs → normalize → sqlite:data/store.sqlite".
[[nodiscard]] std::string drawing_of(pipeline_spec const& spec);

}  // namespace logpipe
