// Whole indices that are older than what is kept.
#pragma once

#include "index_pattern.hpp"
#include "server_requests.hpp"

#include "logpipe/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::opensearch {

/// The indices of the pattern, and of nothing else, whose documents are all older, oldest first.
[[nodiscard]] result<std::vector<std::string>> find_expired_indices(net::http_client& client,
                                                                    index_pattern const& pattern,
                                                                    std::int64_t age_max_ns, std::int64_t now_ns);
/// An index that is not there is as good as deleted: somebody else was faster.
[[nodiscard]] result<> delete_index(net::http_client& client, std::string const& index);

}  // namespace logpipe::opensearch
