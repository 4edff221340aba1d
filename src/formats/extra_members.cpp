#include "extra_members.hpp"

#include "quoted.hpp"

#include <fmt/format.h>

namespace logpipe::formats {

bool extra_members::add(member const& added, std::string& reason) {
    if (members_.size() == extra_members_max) {
        reason = fmt::format("more than {} keys beside the mapping's", extra_members_max);
        return false;
    }
    for (auto const& other : members_) {
        if (other.name != added.name) continue;
        reason = fmt::format("duplicate key {}", quoted_for_reason(added.name));
        return false;
    }
    members_.push_back(added);
    return true;
}

}  // namespace logpipe::formats
