// What all requests to OpenSearch have in common.
#pragma once

#include "net/http_client.hpp"
#include "opensearch/opensearch.hpp"

#include <string>
#include <string_view>

namespace logpipe::opensearch {

/// @return errc::invalid_argument for an address, file or credential that can never work
[[nodiscard]] result<net::http_target> make_target(opensearch_connection const& options);
/// A response that is not a success is an error with the server's words: errc::unauthorized for 401 and 403,
/// errc::not_found for 404, errc::busy for 429, errc::not_connected for 5xx, errc::rejected for the rest.
[[nodiscard]] result<std::string> fetch_body(net::http_client& client, net::http_request const& request);
/// For a path: all but the unreserved characters of RFC 3986 as %XX.
[[nodiscard]] std::string encode_path_part(std::string_view text);

}  // namespace logpipe::opensearch
