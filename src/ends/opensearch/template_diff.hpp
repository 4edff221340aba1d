// How a template that is there differs from the one that would be put. No I/O.
#pragma once

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace logpipe::opensearch {

/// Of all but the mapping: a line each, "settings.index.number_of_replicas: 0, would be 1".
/// @param live  `index_template` of the server's response; empty: none is there
[[nodiscard]] std::vector<std::string> difference_of_settings(boost::json::object const& live,
                                                              boost::json::object const& made);
/// The same with the mapping.
[[nodiscard]] std::vector<std::string> difference_of_templates(boost::json::object const& live,
                                                               boost::json::object const& made);

}  // namespace logpipe::opensearch
