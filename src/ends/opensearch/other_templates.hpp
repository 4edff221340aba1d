// The templates of others that match our index. Where there is one, ours is not put: the index is the operator's.
#pragma once

#include "index_template.hpp"
#include "server_requests.hpp"

#include "logpipe/result.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace logpipe::opensearch {

struct other_templates {
    std::vector<std::string> names;  ///< "index template opa (priority 500, of a data stream)"; empty: there is none
    boost::json::object mappings;    ///< what they give an index, their component templates included
};

/// Asks what templates a new index of this name would meet (`_simulate_index`), whichever of them would win.
[[nodiscard]] result<other_templates> find_other_templates(net::http_client& client, target_index const& index);

}  // namespace logpipe::opensearch
