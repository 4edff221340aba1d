// HTTP/1.1 over the engine's Unix socket: short answers, and bodies that go on as long as there is something to tell.
#pragma once

#include "logpipe/result.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace logpipe::docker {

struct engine_address {
    std::string socket;
    std::chrono::milliseconds request_timeout{30'000};
};

/// One request on a connection of its own. One coroutine, in the thread of its io_context.
class engine_request final {
  public:
    explicit engine_request(boost::asio::any_io_executor const& executor) : stream_{executor} {}

    /// @return the status once the head of the answer is there. errc::not_connected, errc::unauthorized where the
    /// socket may not be opened, errc::timed_out, errc::protocol.
    [[nodiscard]] boost::asio::awaitable<result<unsigned>> get(engine_address to, std::string target);
    /// The next bytes of the body; 0 at its orderly end.
    /// @param patience  none: as long as it takes. The socket is this machine's: an engine that ends closes it.
    [[nodiscard]] boost::asio::awaitable<result<std::size_t>> read(
        std::span<char> into, std::optional<std::chrono::milliseconds> patience = std::nullopt);

  private:
    engine_address to_;
    boost::beast::basic_stream<boost::asio::local::stream_protocol> stream_;
    boost::beast::flat_buffer buffer_;
    boost::beast::http::response_parser<boost::beast::http::buffer_body> parser_;
};

struct engine_answer {
    unsigned status = 0;
    std::string body;
};

/// The whole of a short answer. @return as get(), and errc::too_large above 32 MiB.
[[nodiscard]] boost::asio::awaitable<result<engine_answer>> ask_engine(engine_address to, std::string target);

}  // namespace logpipe::docker
