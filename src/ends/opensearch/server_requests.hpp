// What all requests to OpenSearch have in common.
#pragma once

#include "net/http_client.hpp"
#include "opensearch/opensearch.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::opensearch {

/// One for each server, at least one. @return errc::invalid_argument for an address, file or credential that can never
/// work
[[nodiscard]] result<std::vector<net::http_target>> make_targets(opensearch_connection const& options);
/// Where there are several servers, `client`, which goes to the first, goes from now on to the first that responds.
/// @return errc::not_connected where none does, errc::cancelled
[[nodiscard]] result<> choose_server(net::http_client& client, std::vector<net::http_target> others);
/// A response that is not a success is an error with the server's words: errc::unauthorized for 401 and 403,
/// errc::not_found for 404, errc::busy for 429, errc::not_connected for 5xx, errc::rejected for the rest.
[[nodiscard]] result<std::string> fetch_body(net::http_client& client, net::http_request const& request);
/// For a path: all but the unreserved characters of RFC 3986 as %XX.
[[nodiscard]] std::string encode_path_part(std::string_view text);

}  // namespace logpipe::opensearch
