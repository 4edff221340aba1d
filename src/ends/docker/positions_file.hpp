// The positions file: JSON, replaced as a whole and atomically.
//
//   {"version":1,"counts":{"in":4711,"indexed":4711,"already_there":0,"dead":0,"dropped":0},
//    "containers":{"ID":{"stdout":[1764020131128553500,1],"stderr":[0,0]}}}
//
// A position is the last time (nanoseconds) and how many lines of that very time are safe.
#pragma once

#include "core/file.hpp"
#include "log_position.hpp"
#include "logpipe/event.hpp"

#include <map>
#include <string>
#include <string_view>

namespace logpipe::docker {

struct positions {
    event_counts counts;  ///< of all lines that are safe, ever
    std::map<std::string, container_position> containers;

    friend bool operator==(positions const&, positions const&) = default;
};

[[nodiscard]] std::string to_json(positions const& what);
/// @return errc::corrupt for what to_json() did not write, errc::invalid_argument for a newer version.
[[nodiscard]] result<positions> parse_positions(std::string_view json);

/// A missing file is an empty one. A damaged one is renamed to PATH.bad, logged, and taken as empty: lines are repeated
/// rather than not at all.
[[nodiscard]] result<positions> load_positions(file_system& files, std::string const& path);
[[nodiscard]] result<> store_positions(file_system& files, std::string const& path, positions const& what);

}  // namespace logpipe::docker
