#include "forward/forward.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

result<forward_users> parse_forward_users(std::string_view text) {
    forward_users users;
    for (std::size_t number = 1; !text.empty(); ++number) {
        auto const end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        // The line itself is not repeated: it may hold a password.
        auto const colon = line.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon + 1 == line.size())
            return error{errc::invalid_argument, fmt::format("line {}: expected NAME:PASSWORD", number)};
        auto const name = line.substr(0, colon);
        if (!users.emplace(name, line.substr(colon + 1)).second)
            return error{errc::invalid_argument, fmt::format("line {}: duplicate user \"{}\"", number, name)};
    }
    if (users.empty()) return error{errc::invalid_argument, "no users: expected lines of NAME:PASSWORD"};
    return users;
}

}  // namespace logpipe::forward
