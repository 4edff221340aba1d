// The bytes of a connection become an HTTP/1.1 response. Pure: no sockets; Beast's parser stays behind this header.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::http {

/// What of a response's head matters to a download; empty where the field is not there.
struct http_head {
    unsigned status = 0;
    std::string reason;
    std::string location;
    std::string etag;
    std::string accept_ranges;
    std::string content_type;
    std::string content_encoding;
    std::string content_range;
    std::optional<std::uint64_t> content_bytes;  ///< none: chunked, or until the connection's end
    bool ends_with_connection = false;           ///< nothing else tells a whole body from a cut one
};

/// Reads one response. Interim ones (1xx) are passed over. Holds at most the head, which is bounded. One thread.
class http_response_reader final {
  public:
    http_response_reader();
    ~http_response_reader();
    http_response_reader(http_response_reader&&) noexcept;
    http_response_reader& operator=(http_response_reader&&) noexcept;

    /// Takes all of `input` and appends what is body to `body`, without its transfer coding.
    /// @return errc::protocol for what is no HTTP response.
    [[nodiscard]] result<> feed(std::string_view input, std::string& body);
    /// The connection ended. @return errc::not_connected when the response is not whole.
    [[nodiscard]] result<> end_of_connection();

    [[nodiscard]] http_head const* head() const noexcept;  ///< none until all of it has come
    [[nodiscard]] bool complete() const noexcept;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace logpipe::http
