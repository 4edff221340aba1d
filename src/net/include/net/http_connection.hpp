// HTTP/1.1 to one server over one connection that is kept open, for coroutines: a request, its response, whole or piece
// by piece, the next request. What a status means is for others.
#pragma once

#include "logpipe/result.hpp"
#include "net/http_target.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::net {

class timed_stream;

/// The thread of its executor calls everything; one coroutine at a time sends and reads. Executor and target outlive
/// it.
class http_connection final {
  public:
    /// @param piece_bytes  read at once, at most
    http_connection(boost::asio::any_io_executor executor, http_target& target,
                    std::size_t piece_bytes = std::size_t{64} << 10U);
    ~http_connection();
    http_connection(http_connection const&) = delete;
    http_connection& operator=(http_connection const&) = delete;

    /// The whole response. Connects where it must; a kept connection that the server has closed meanwhile is opened
    /// once more. Of the request, only the body must live until the response is there.
    /// @return errc::not_connected; timed_out; unauthorized for a certificate that is not trusted, a socket that may
    /// not be opened and a proxy that requires a password; protocol; too_large above body_bytes_max. All name the
    /// server.
    [[nodiscard]] boost::asio::awaitable<result<http_response>> send(http_request const& request);

    /// The same up to the head; read() gives the body. What is left of the response before is dropped.
    [[nodiscard]] boost::asio::awaitable<result<http_head>> start(http_request const& request);
    /// The next bytes of the body, valid until the next call; empty at its end.
    [[nodiscard]] boost::asio::awaitable<result<std::string_view>> read();
    /// What is left of the body, within a request's deadline and of at most body_bytes_max.
    [[nodiscard]] boost::asio::awaitable<result<std::string>> read_rest();
    /// Moves the timeouts that are running, for a while in which nobody ran the io_context.
    void extend(std::chrono::steady_clock::duration by);

    /// For good: a request that waits for its response ends with errc::not_connected, and so does every later one.
    void close();

  private:
    using time_point = std::chrono::steady_clock::time_point;
    /// A request as it is sent.
    struct outgoing {
        result<std::string> head;
        std::string_view body;
        http_response_reader::content expected = http_response_reader::content::by_head;
        bool streamed = false;  // its response
    };

    [[nodiscard]] time_point next_deadline() const;
    [[nodiscard]] outgoing prepare(http_request const& request, bool streamed) const;
    [[nodiscard]] boost::asio::awaitable<result<http_response>> send_whole(outgoing request);
    [[nodiscard]] boost::asio::awaitable<result<http_head>> begin(outgoing request);
    [[nodiscard]] boost::asio::awaitable<result<std::string>> collect();
    [[nodiscard]] boost::asio::awaitable<result<>> connect();
    [[nodiscard]] boost::asio::awaitable<result<>> open_tunnel();
    [[nodiscard]] boost::asio::awaitable<result<>> exchange(std::string const& head, std::string_view body);
    [[nodiscard]] boost::asio::awaitable<result<>> fill();
    void expire_after(std::chrono::milliseconds time, std::string_view otherwise);
    void finish();
    void drop();
    [[nodiscard]] error failure(std::string_view doing, boost::system::error_code reason) const;
    [[nodiscard]] error of_server(error const& reason) const;

    boost::asio::any_io_executor executor_;
    http_target& target_;
    std::string piece_;                     // what comes off the stream
    std::shared_ptr<timed_stream> stream_;  // none while not connected
    std::optional<http_response_reader> reader_;
    std::string body_;   // came in and was not given…
    std::string given_;  // …and what read() gave last
    time_point deadline_ = time_point::max();
    std::string_view timeout_words_;             // what an expired stream means…
    std::chrono::milliseconds time_allowed_{0};  // …and after how long
    bool any_byte_ = false;                      // of the response
    bool cut_ = false;                           // the request did not go out whole
    bool closed_ = false;
};

}  // namespace logpipe::net
