// The transform: a log line becomes a document, by a mapping that is data.
#pragma once

#include "logpipe/stage.hpp"

#include <memory>
#include <string>
#include <vector>

namespace logpipe {

enum class timestamp_from { receive, entry, event };

/// nest, drop, add, parse time, pick: what the original's Logstash filter does, as a table.
struct mapping {
    std::string name;
    std::string nest_into;             ///< the object that takes `nested`
    std::vector<std::string> nested;   ///< keys moved there, in this order; a missing one is left out
    std::vector<std::string> dropped;  ///< top-level keys of the line that are removed
    std::string time_key;              ///< key whose text is the event's own time, "17/May/2015:08:05:32 +0000"
    std::vector<std::string> regions;  ///< `fields.region` is picked from these by the id
    std::vector<std::pair<std::string, std::string>> added;  ///< constant top-level keys
};

/// The built-in mapping of nginx access logs.
[[nodiscard]] mapping nginx_mapping();
/// As JSON, for `logpipe check --show-mapping`.
[[nodiscard]] std::string to_json(mapping const& table);

struct normalize_options {
    mapping table = nginx_mapping();
    timestamp_from timestamp = timestamp_from::receive;
    std::size_t line_bytes_max = std::size_t{8} << 20U;
};

[[nodiscard]] std::unique_ptr<transform> make_normalize(normalize_options options);

}  // namespace logpipe
