#include "host_names.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace logpipe::web {

namespace {

std::string_view without_port(std::string_view host) {
    if (host.starts_with('[')) return host.substr(0, std::min(host.size(), host.find(']') + 1));
    return host.substr(0, host.find(':'));
}

/// Names are the same in any case, and with the root's dot at their end.
std::string normal_name(std::string_view name) {
    if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
    std::string normal{name};
    for (auto& each : normal)
        if ('A' <= each && each <= 'Z') each = static_cast<char>(each - 'A' + 'a');
    return normal;
}

/// No name in the DNS ends in digits alone.
bool is_ipv4(std::string_view name) {
    return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

}  // namespace

host_names::host_names(std::vector<std::string> others) : others_{std::move(others)} {
    for (auto& each : others_) each = normal_name(each);
}

bool host_names::allow(std::string_view host) const {
    auto const name = normal_name(without_port(host));
    if (!name.contains('.') || name.ends_with(".localhost") || name.starts_with('[') || is_ipv4(name)) return true;
    return std::ranges::find(others_, name) != others_.end();
}

std::string own_host_name() {
    std::array<char, 256> name{};
    return gethostname(name.data(), name.size() - 1) == 0 ? std::string{name.data()} : std::string{};
}

}  // namespace logpipe::web
