// What a request's head must be before a parser sees it. A head that two readers could take for two different requests
// (a proxy for one, this server for another) lets one client put words into another one's mouth: request smuggling. So
// what RFC 9112 leaves to the reader's kindness is an error here, and the connection is closed after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::net {

struct head_fault {
    unsigned status = 400;
    std::string reason;  ///< a sentence for the client
};

/// Checks one head as its bytes come. Pure: no socket.
class request_head final {
  public:
    explicit request_head(std::size_t bytes_max) : bytes_max_{bytes_max} {}

    /// @param bytes  everything from the request's first byte on; each call has what the last one had, and more
    /// @return none: continue, is_complete() says with what
    [[nodiscard]] std::optional<head_fault> check(std::string_view bytes);
    /// The empty line after the last field has come.
    [[nodiscard]] bool is_complete() const noexcept { return complete_; }

    static constexpr std::size_t fields_max = 100;

  private:
    [[nodiscard]] std::optional<head_fault> check_beginning(std::string_view part) const;
    [[nodiscard]] std::optional<head_fault> check_line(std::string_view line);
    [[nodiscard]] std::optional<head_fault> check_request_line(std::string_view line);
    [[nodiscard]] std::optional<head_fault> check_field(std::string_view line);
    [[nodiscard]] std::optional<head_fault> check_value(std::string_view name, std::string_view value);
    [[nodiscard]] std::optional<head_fault> check_whole() const;
    [[nodiscard]] std::optional<head_fault> check_codings() const;
    [[nodiscard]] head_fault too_large() const;

    std::size_t const bytes_max_;
    std::size_t line_begin_ = 0;  // of the first line that is not checked yet
    std::size_t fields_ = 0;
    std::uint32_t seen_ = 0;  // which of the fields that may be given once were given
    std::string codings_;     // of all Transfer-Encoding fields
    bool has_codings_ = false;
    bool is_http_1_0_ = false;
    bool complete_ = false;
};

/// HOST or HOST:PORT as in a Host field: a name, an IPv4 address, or an IPv6 address in brackets.
[[nodiscard]] bool is_host(std::string_view text);
/// Of a target in absolute form ("http://HOST:PORT/PATH"), which then replaces the Host field (RFC 9112 section
/// 3.2.2); empty for any other target.
[[nodiscard]] std::string_view authority_of(std::string_view target);

}  // namespace logpipe::net
