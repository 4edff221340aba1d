// Which requests are allowed: none of other sites' pages, and where there is a token it must be shown.
#pragma once

#include "host_names.hpp"
#include "responses.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logpipe::web {

/// True unless a browser says that another site's page made it send this: by Sec-Fetch-Site, which it leaves out on
/// plain HTTP off loopback, else by Origin, else by Referer. Programs say none of them, and a page can keep a GET from
/// saying any.
[[nodiscard]] bool is_same_origin(web_request const& request);

struct guard_options {
    std::string token;                    ///< empty: nobody need show one
    std::vector<std::string> host_names;  ///< of this server, besides those that are always allowed
    bool loopback = false;                ///< the server listens on a loopback address
    bool tls = false;                     ///< it serves TLS only
};

/// Of one server. Its thread only.
class request_guard final {
  public:
    explicit request_guard(guard_options options);

    /// From now on this one. Where it is another, sessions that the last one opened end.
    void set_token(std::string token);
    /// @return the response to a request that is not allowed at all; none: it is allowed
    [[nodiscard]] std::optional<web_response> rejection(web_request const& request) const;
    [[nodiscard]] bool is_known(web_request const& request) const;
    [[nodiscard]] bool is_loopback() const noexcept { return loopback_; }
    /// `/api/session`: a token for a cookie, which scripts cannot read and other sites do not send.
    [[nodiscard]] web_response open_session(web_request const& request) const;

  private:
    std::string token_;
    std::string session_;  ///< what the cookie holds; new with each process and token
    host_names const names_;
    bool const loopback_;
    bool const tls_;
};

}  // namespace logpipe::web
