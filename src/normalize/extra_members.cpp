#include "extra_members.hpp"

#include "json_line.hpp"

#include <fmt/format.h>

namespace logpipe {

result<> extra_members::add(member const& added) {
    if (members_.size() == extra_members_max)
        return error{errc::rejected, fmt::format("more than {} keys beside the mapping's", extra_members_max)};
    for (auto const& other : members_)
        if (other.name == added.name)
            return error{errc::rejected, fmt::format("the key {} stands there twice", quoted_for_reason(added.name))};
    members_.push_back(added);
    return {};
}

}  // namespace logpipe
