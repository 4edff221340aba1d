// The bytes of a connection become an HTTP/1.1 response. Pure: no sockets; Beast's parser stays behind this header.
#pragma once

#include "logpipe/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::net {

struct http_head {
    unsigned status = 0;
    std::string reason;
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<std::uint64_t> content_bytes;  ///< none: chunked, or until the connection's end
    bool ends_with_connection = false;           ///< nothing else separates a whole body from a truncated one
    bool keep_alive = false;                     ///< the connection may carry another request afterwards

    /// The first field of that name, in any case; empty where there is none.
    [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
};

/// Reads one response. Interim ones (1xx) are skipped. Holds at most the head, which is bounded to 64 KiB. One thread.
class http_response_reader final {
  public:
    enum class content { by_head, none };
    /// @param expected  none for the response to HEAD or CONNECT, which has no body whatever its head says
    explicit http_response_reader(content expected = content::by_head);
    ~http_response_reader();
    http_response_reader(http_response_reader&&) noexcept;
    http_response_reader& operator=(http_response_reader&&) noexcept;

    /// Takes all of `input` and appends the body's part of it to `body`, without its transfer coding.
    /// @return errc::protocol for bytes that are not an HTTP response.
    [[nodiscard]] result<> feed(std::string_view input, std::string& body);
    /// The connection ended. @return errc::not_connected when the response is not whole.
    [[nodiscard]] result<> end_of_connection();

    [[nodiscard]] http_head const* head() const noexcept;  ///< none until all of it has come
    [[nodiscard]] bool complete() const noexcept;
    /// Whether bytes came after the response, to no request.
    [[nodiscard]] bool has_surplus() const noexcept;

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace logpipe::net
