// What the name of an index stands for on the server.
#pragma once

#include "server_requests.hpp"

#include "logpipe/result.hpp"

#include <boost/json/object.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

struct live_index {
    std::string name;
    boost::json::object mappings;
};

/// The indices of an expression, a name or an alias; none where it names nothing.
[[nodiscard]] result<std::vector<live_index>> find_live_indices(net::http_client& client,
                                                                std::string const& expression);

enum class target_kind : std::uint8_t { index, alias, data_stream };

struct live_target {
    target_kind kind = target_kind::index;
    std::string write_index;  ///< where documents go now; empty for an alias that has none
};
/// Of a name under which there are these indices. @param indices  as of find_live_indices(), not empty
[[nodiscard]] result<live_target> find_live_target(net::http_client& client, std::string const& name,
                                                   std::vector<live_index> const& indices);

/// @param what  asked for, for people. @return errc::protocol for anything but a JSON object
[[nodiscard]] result<boost::json::object> parse_object(std::string_view what, std::string_view body);

}  // namespace logpipe::opensearch
