// Asks every component that the options name, side by side, how it is.
#pragma once

#include "settings.hpp"
#include "status/components.hpp"
#include "web/web.hpp"

#include <string>
#include <vector>

namespace logpipe::cli {

/// Those of --at; without it all the default ones.
[[nodiscard]] std::vector<std::string> admin_addresses_of(settings const& options);

/// By --auth-token-file, --ca-file and --insecure-skip-verify. Warns where the token would go to another machine in
/// clear. @return errc::invalid_argument where the token cannot be read
[[nodiscard]] result<web::peer_access> peer_access_of(settings const& options);

/// Takes as long as the slowest: --timeout for one answer, some components are asked two or three. Where --at is not
/// given, processes that do not answer at their default addresses are left out. Any thread.
/// @param access  for our processes
[[nodiscard]] status::status_report probe_all(settings const& options, web::peer_access const& access);

/// --self: the process of this container. @return errc::not_connected when it does not answer.
[[nodiscard]] result<> probe_self(settings const& options);

}  // namespace logpipe::cli
