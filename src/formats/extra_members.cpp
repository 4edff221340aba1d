#include "extra_members.hpp"

#include "quoted.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::formats {

bool extra_members::add_one_of_many(member const& added, std::string& reason) {
    if (members_.size() == extra_members_max) {
        reason = fmt::format("more than {} keys beside the mapping's", extra_members_max);
        return false;
    }
    if (has(added.name)) {
        reason = fmt::format("duplicate key {}", quoted_for_reason(added.name));
        return false;
    }
    members_.push_back(added);
    return true;
}

bool extra_members::is_among_them(std::string_view name) const noexcept {
    return std::ranges::find(members_, name, &member::name) != members_.end();
}

}  // namespace logpipe::formats
