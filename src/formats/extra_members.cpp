#include "extra_members.hpp"

#include "quoted.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

bool extra_members::add(member const& added, std::string& reason) {
    if (members_.size() == extra_members_max || !has(added.name)) return add_new(added, reason);
    reason = fmt::format("duplicate key {}", quoted_for_reason(added.name));
    return false;
}

bool extra_members::add_new(member const& added, std::string& reason) {
    if (members_.size() == extra_members_max) {
        reason = fmt::format("more than {} keys beside the mapping's", extra_members_max);
        return false;
    }
    members_.push_back(added);
    return true;
}

bool extra_members::has(std::string_view name) const noexcept {
    return std::ranges::find(members_, name, &member::name) != members_.end();
}

}  // namespace logpipe::formats
