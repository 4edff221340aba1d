// The transform: a log line becomes a document, by a mapping that is data.
#pragma once

#include "logpipe/stage.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::formats {

/// What `@timestamp` and `time` of a document are.
enum class timestamp_from {
    receive,  ///< when the first durable place took the event; where that is not known, as `entry`
    entry,    ///< the time that the client gave with the event; where it gave none, as `receive`
    event,    ///< the line's own time; a line without a readable one is rejected
};

/// nest, drop, add, parse time, pick: what the original's Logstash filter does, as a table. Other top-level keys of a
/// line stay at the top level, behind all of ours.
struct mapping {
    std::string name;
    std::string nest_into;             ///< the object that takes `nested`
    std::vector<std::string> nested;   ///< keys moved there, in this order; a missing one is left out
    std::vector<std::string> dropped;  ///< top-level keys of the line that are removed
    std::string time_key;              ///< key whose text is the event's own time, "17/May/2015:08:05:32 +0000"
    std::vector<std::string> regions;  ///< `fields.region` is picked from these by the id; none: no such field
    std::vector<std::pair<std::string, std::string>> added;  ///< constant top-level keys
    /// A key of the line that has the name of one of the document's own keys stays, with this behind its name.
    std::string clash_suffix = "_original";
};

/// The built-in mapping of nginx access logs.
[[nodiscard]] mapping nginx_mapping();
/// As JSON, for `logpipe check --show-mapping`.
[[nodiscard]] std::string to_json(mapping const& table);

struct normalize_options {
    mapping table = nginx_mapping();
    timestamp_from timestamp = timestamp_from::receive;
    std::size_t line_bytes_max = std::size_t{8} << 20U;  ///< a longer line is rejected
};

/// Writes a document for each event into `batch::documents`; what is no JSON object it rejects as stage "normalize".
/// The documents are a function of the lines, ids and times alone: the same again for a replay.
[[nodiscard]] std::unique_ptr<transform> make_normalize(normalize_options options);

}  // namespace logpipe::formats
