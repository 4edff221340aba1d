// SIGTERM, SIGINT and SIGHUP, as the main thread asks for them.
#pragma once

#include <chrono>

namespace logpipe::cli {

/// Before any other thread starts: SIGTERM, SIGINT, SIGHUP and SIGPIPE no longer end the process by themselves.
void take_over_signals();
/// SIGTERM or SIGINT came within `time`. The main thread alone asks. SIGHUP reloads files meanwhile; a process that
/// never asks ignores it.
[[nodiscard]] bool signal_came(std::chrono::milliseconds time);

}  // namespace logpipe::cli
