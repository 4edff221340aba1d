// The embedded pipeline of `run`: what is in the data directory, the page with its produce runs and dead letters, and
// when the run is over.
#pragma once

#include "process.hpp"

#include <string>

namespace logpipe::cli {

/// URIs of its parts: --broker and --store with the embedded ones filled in.
struct embedded_parts {
    std::string journal;
    std::string dead_letters;
    std::string broker;  ///< the journal itself where no other is named
    std::string store;
};
[[nodiscard]] embedded_parts embedded_parts_of(settings const& options);

struct ended_run {
    int status = 0;
    bool input_ended = false;  ///< by itself, before anybody stopped it
};
/// @return errc::invalid_argument for the page's options; what fails later is in the status
[[nodiscard]] result<ended_run> run_embedded(process& whole);
/// The same for hops of the configuration: a page without produce runs and dead letters.
[[nodiscard]] result<ended_run> run_hops(process& whole);

}  // namespace logpipe::cli
