// Who may ask: other sites' pages may not, and where there is a token it must be shown.
#pragma once

#include "answers.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace logpipe {

/// True unless a browser says that another site's page made it send this. Programs say neither Origin nor
/// Sec-Fetch-Site.
[[nodiscard]] bool is_same_origin(web_request const& request);

/// A name by which a loopback address may be asked: a number, or one without dots, as localhost. Another site's name
/// that leads here is a rebound one (DNS rebinding): to the browser its page is of our own origin.
[[nodiscard]] bool is_local_name(std::string_view host);

/// Of one server. Its thread only.
class request_guard final {
  public:
    /// @param token  empty: nobody need show one
    /// @param loopback  the server listens on a loopback address
    request_guard(std::string token, bool loopback);

    /// From now on this one. Where it is another, sessions that the last one opened end.
    void set_token(std::string token);
    /// @return what to say to one who may not ask at all; none: go on.
    [[nodiscard]] std::optional<web_answer> refusal(web_request const& request) const;
    [[nodiscard]] bool is_known(web_request const& request) const;
    [[nodiscard]] bool has_token() const noexcept { return !token_.empty(); }
    /// `/api/session`: a token for a cookie, which scripts cannot read and other sites do not send.
    [[nodiscard]] web_answer open_session(web_request const& request) const;

  private:
    std::string token_;
    std::string session_;  ///< what the cookie holds; new with each process and token
    bool const loopback_;
};

}  // namespace logpipe
