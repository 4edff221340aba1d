// Brings the index template and the live index together.
#pragma once

#include "index_template.hpp"
#include "server_requests.hpp"

#include "logpipe/result.hpp"
#include "opensearch/opensearch.hpp"

#include <string>
#include <vector>

namespace logpipe::opensearch {

/// For the sink's open(). Where the index does not exist yet, its template is put first (unless one of this version or
/// a newer is there, or a template of somebody else matches the index, which is logged), so that the index which the
/// first document makes is right; where it does, what conflicts is logged. A user who may write documents and nothing
/// else can go on; that is logged as well.
/// @param require_rolling  errc::invalid_argument where the name is an alias or a data stream; else that is logged
/// @return errors of the connection, and errc::unauthorized for 401
[[nodiscard]] result<> prepare_index(net::http_client& client, target_index const& index, bool require_rolling);
/// Only checks that the server responds and accepts our credentials.
[[nodiscard]] result<> check_server(net::http_client& client);

/// As opensearch_admin::set_up().
[[nodiscard]] result<index_set_up> set_up_index(net::http_client& client, target_index index,
                                                index_set_up_options const& options);
/// As opensearch_admin::mapping_conflicts().
[[nodiscard]] result<std::vector<std::string>> find_mapping_conflicts(net::http_client& client,
                                                                      target_index const& index);

}  // namespace logpipe::opensearch
