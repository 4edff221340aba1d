// Taps of topics: what comes in from now on, read outside of any group, so that no position moves and nothing is held.
#pragma once

#include "core/end_uri.hpp"
#include "settings.hpp"
#include "tap_printer.hpp"

#include <string>

namespace logpipe::cli {

[[nodiscard]] result<> tap_journal(std::string const& folder, tap_printer& printer);
/// kafka://HOST:PORT,HOST:PORT/TOPIC
[[nodiscard]] result<> tap_kafka(settings const& options, end_uri const& uri, tap_printer& printer);

}  // namespace logpipe::cli
