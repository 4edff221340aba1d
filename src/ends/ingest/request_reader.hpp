// Requests from the bytes of a connection, one after the other. Pure: no socket. Beast stays behind this header.
#pragma once

#include "http_reply.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::ingest {

/// A request's head, as far as it says something here.
struct request_facts {
    std::string method;
    std::string target;
    std::string authorization;
    std::string content_type;
    std::string content_encoding;
    std::string idempotency_key;
    std::string tag;
    bool has_origin = false;    ///< a browser sends it for a page
    bool is_ambiguous = false;  ///< one of the last three was given more than once
    bool expects_continue = false;
    bool keep_alive = true;
};

/// One thread.
class request_reader final {
  public:
    static constexpr std::size_t head_bytes_max = 8192;

    explicit request_reader(std::size_t body_bytes_max);
    ~request_reader();

    /// @return the reply to bytes that cannot be read, or to a body that is too large; nothing more can be read then
    [[nodiscard]] std::optional<http_reply> add(std::string_view bytes);
    /// The head is complete, and its facts hold until the next request.
    [[nodiscard]] bool has_head() const noexcept;
    [[nodiscard]] request_facts const& facts() const noexcept;
    [[nodiscard]] bool is_whole() const noexcept;
    [[nodiscard]] std::string const& body() const;
    /// Nothing of a request has come.
    [[nodiscard]] bool is_empty() const noexcept;
    /// On to the next request, of which bytes may have come already: then as add().
    [[nodiscard]] std::optional<http_reply> next();

  private:
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace logpipe::ingest
