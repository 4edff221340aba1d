// The names by which a server accepts requests. A site can have its own name lead to any address (DNS rebinding); to
// the browser that site's page is then of our origin, and may read and change what ours may. So a request must use a
// name that no other site can have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace logpipe::web {

/// Numeric addresses, names without dots (none is in the public DNS) and below localhost are always among them.
class host_names final {
  public:
    /// @param others  further ones, without port
    explicit host_names(std::vector<std::string> others);

    /// @param host  as of a Host field; empty where there is none, which no browser leaves out
    [[nodiscard]] bool allow(std::string_view host) const;

  private:
    std::vector<std::string> others_;
};

/// What this machine calls itself; empty where that is not known.
[[nodiscard]] std::string own_host_name();

}  // namespace logpipe::web
