// Where HTTP requests go, and what they and their responses are. No Beast, no sockets.
#pragma once

#include "logpipe/result.hpp"
#include "net/address.hpp"
#include "net/http_proxy.hpp"
#include "net/http_response_reader.hpp"
#include "net/tls.hpp"

#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::net {

/// 0: no limit.
struct http_timeouts {
    std::chrono::milliseconds connect{0};  ///< the name's look-up, TCP, the proxy and TLS, all together
    /// The deadline of a request: from its begin, connecting included, to the last byte of its response; where the
    /// response is streamed, to the end of its head.
    std::chrono::milliseconds request{0};
    std::chrono::milliseconds stall{0};  ///< of a streamed response: without a byte, while somebody waits for one
};

enum class http_route {
    direct,
    by_environment,  ///< http_proxy, https_proxy and no_proxy
};

struct http_server {
    host_port address;        ///< without a host it is this machine
    std::string socket_path;  ///< of a Unix socket, instead of the address
    std::string path_prefix;  ///< of every request's path, percent-encoded: "/gateway"
    std::optional<tls_client_options> tls;
    http_timeouts timeouts;
    std::size_t body_bytes_max = std::size_t{64} << 20U;  ///< of a response that is not streamed
    http_route route = http_route::direct;
};

/// What all connections to a server have in common; it outlives them.
struct http_target {
    std::string name;  ///< with which errors begin: HOST:PORT or the socket's path, until somebody changes it
    host_port address;
    std::string socket_path;
    std::string path_prefix;
    std::string fields;  ///< of the head of every request, each with its CR LF
    std::optional<boost::asio::ssl::context> tls;
    http_timeouts timeouts;
    std::size_t body_bytes_max = 0;
    std::optional<http_proxy> proxy;
};
/// @return errc::invalid_argument for a file, socket path or proxy that can never work
[[nodiscard]] result<http_target> make_http_target(http_server const& server);
/// One for each of "HOST:PORT,HOST:PORT"; `server` is what they have in common.
[[nodiscard]] result<std::vector<http_target>> make_http_targets(std::string_view addresses, std::uint16_t usual_port,
                                                                 http_server server);
/// Of options that name servers by `address`, `tls`, `ca_file`, `certificate_file`, `key_file`, `insecure_skip_verify`,
/// `connect_timeout` and `request_timeout`; through the environment's proxy, where it names one.
template <typename Options>
[[nodiscard]] result<std::vector<http_target>> make_http_targets(Options const& options, std::uint16_t usual_port,
                                                                 std::string path_prefix = {}) {
    http_server server{
        .path_prefix = std::move(path_prefix),
        .timeouts = {.connect = options.connect_timeout, .request = options.request_timeout},
        .route = http_route::by_environment,
    };
    if (options.tls)
        server.tls = tls_client_options{.ca_file = options.ca_file,
                                        .certificate_file = options.certificate_file,
                                        .key_file = options.key_file,
                                        .insecure_skip_verify = options.insecure_skip_verify};
    return make_http_targets(options.address, usual_port, std::move(server));
}

[[nodiscard]] std::vector<std::string> names_of(std::vector<http_target> const& targets);

/// Adds `name: value`. @return errc::invalid_argument where the value would end the head early
[[nodiscard]] result<> add_field(http_target& to, std::string_view name, std::string_view value);
/// Adds basic authentication (RFC 7617); without a name, none. @return errc::invalid_argument for a name that it cannot
/// carry
[[nodiscard]] result<> add_login(http_target& to, std::string_view username, std::string_view password);
/// The views must live until the call that sends it returns; those of an asynchronous one until it is awaited.
struct http_request {
    std::string_view method = "GET";
    std::string_view path;    ///< with the query, percent-encoded
    std::string_view fields;  ///< of this request alone, each with its CR LF
    std::string_view content_type = "application/json";
    std::string_view body;
    bool compressed = false;  ///< the body is gzip
    bool keep_alive = true;   ///< false: the connection is closed after the response
};

struct http_response {
    unsigned status = 0;
    std::string body;
};

/// @return why another server that does the same is to be tried, naming this one: it cannot be reached, is not trusted,
/// or says that it or what is behind it is unavailable (502 to 504); none where it responded otherwise
[[nodiscard]] std::optional<std::string> host_failure(result<http_response> const& response, std::string_view server);

/// The request as it goes to the wire, without its body. @return errc::invalid_argument for a path with a space or a
/// control character, which would be read as something else.
[[nodiscard]] result<std::string> write_head(http_request const& request, http_target const& target);
/// The CONNECT with which a proxy opens a tunnel to the target.
[[nodiscard]] std::string write_connect(http_target const& target);

}  // namespace logpipe::net
