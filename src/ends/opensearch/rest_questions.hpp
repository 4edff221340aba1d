// What all questions to OpenSearch have in common.
#pragma once

#include "net/rest_client.hpp"
#include "opensearch/opensearch.hpp"

#include <string>
#include <string_view>

namespace logpipe::opensearch {

/// @return errc::invalid_argument for an address, file or credential that can never work
[[nodiscard]] result<net::rest_target> make_rest_target(opensearch_connection const& options);
/// An answer that is no success is an error with the server's words: errc::unauthorized for 401 and 403,
/// errc::not_found for 404, errc::busy for 429, errc::not_connected for 5xx, errc::rejected for the rest.
[[nodiscard]] result<std::string> ask_for_body(net::rest_client& client, net::rest_question question);
/// For a path: all but the unreserved characters of RFC 3986 as %XX.
[[nodiscard]] std::string encode_path_part(std::string_view text);

}  // namespace logpipe::opensearch
