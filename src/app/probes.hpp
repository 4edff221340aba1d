// Asks every component that the options name, side by side, how it is.
#pragma once

#include "logpipe/components.hpp"
#include "settings.hpp"

#include <string>
#include <vector>

namespace logpipe {

/// Those of --at; without it all the default ones.
[[nodiscard]] std::vector<std::string> admin_addresses_of(settings const& options);

/// Takes as long as the slowest: --timeout for one answer, some components are asked two or three. Where --at is not
/// given, processes that do not answer at their default addresses are left out. Any thread.
/// @param token  of --auth-token-file, for our processes
[[nodiscard]] status_report look_at_all(settings const& options, std::string const& token);

/// --self: the process of this container. @return errc::not_connected when it does not answer.
[[nodiscard]] result<> look_at_self(settings const& options);

}  // namespace logpipe
