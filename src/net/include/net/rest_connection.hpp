// HTTP to one server over one connection that is kept open: a question, its answer, the next question. Beast reads the
// answers; what they mean is for others.
#pragma once

#include "logpipe/result.hpp"
#include "net/address.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::net {

struct rest_server {
    std::string address;  ///< HOST:PORT; without a host it is this machine
    std::uint16_t port_default = 0;
    bool tls = false;
    std::string ca_file;
    bool insecure_skip_verify = false;
    std::chrono::milliseconds connect_timeout{0};
    std::chrono::milliseconds request_timeout{0};  ///< for the whole answer
};

/// What all connections to a server have in common. It outlives them.
struct rest_target {
    host_port address;
    std::string fields;  ///< of the head of every request, each with its CR LF
    std::optional<boost::asio::ssl::context> tls;
    std::chrono::milliseconds connect_timeout{0};
    std::chrono::milliseconds request_timeout{0};
};
/// @return errc::invalid_argument for an address or file that can never work
[[nodiscard]] result<rest_target> make_rest_target(rest_server const& server);

/// Adds `name: value`. @return errc::invalid_argument where the value would end the head early
[[nodiscard]] result<> add_field(rest_target& to, std::string_view name, std::string_view value);
/// Adds basic authentication (RFC 7617); without a name, none. @return errc::invalid_argument for a name that it cannot
/// carry
[[nodiscard]] result<> add_login(rest_target& to, std::string_view username, std::string_view password);

struct rest_question {
    std::string_view method = "GET";
    std::string_view path;  ///< with the query, encoded
    std::string_view content_type = "application/json";
    std::string_view body;
    bool compressed = false;  ///< the body is gzip
};

struct rest_answer {
    unsigned status = 0;
    std::string body;
};

/// One thread, that of the io_context; it and the target outlive the connection.
class rest_connection final {
  public:
    /// A longer answer breaks the protocol.
    static constexpr std::size_t answer_bytes_max = std::size_t{64} << 20U;

    rest_connection(boost::asio::io_context& io, rest_target& target);
    ~rest_connection();
    rest_connection(rest_connection const&) = delete;
    rest_connection& operator=(rest_connection const&) = delete;

    /// Connects where it must. A kept connection that the server has closed meanwhile is made again, once. What
    /// `question` views must live until the answer is there.
    /// @return errc::not_connected, errc::timed_out, errc::unauthorized (a certificate not to be trusted),
    /// errc::protocol, errc::too_large
    [[nodiscard]] boost::asio::awaitable<result<rest_answer>> ask(rest_question question);
    /// For good: whoever waits for an answer gets errc::not_connected, and so does whoever asks.
    void close();

  private:
    class link;
    [[nodiscard]] boost::asio::awaitable<result<>> connect();

    boost::asio::io_context& io_;
    rest_target& target_;
    std::shared_ptr<link> link_;  // none while not connected; shared with the operation in flight
    bool closed_ = false;
};

}  // namespace logpipe::net
