// The live view of all components in a terminal.
#pragma once

#include "status/components.hpp"

#include <chrono>
#include <functional>

namespace logpipe::tui {

struct monitor_options {
    std::chrono::milliseconds interval{1'000};  ///< between two snapshots
    bool plain = false;  ///< a line a pump and snapshot instead of a screen; also where no terminal is
};

/// Runs until `q`, Ctrl-C, SIGTERM, SIGINT or SIGHUP (the first two of which the caller has blocked in all threads),
/// and leaves the terminal as it was. Main thread. @param look  may take its time: a separate thread calls it
/// @return errc::not_connected when the terminal is gone
[[nodiscard]] result<> run_monitor(monitor_options options, std::function<status::status_report()> take_report);

}  // namespace logpipe::tui
