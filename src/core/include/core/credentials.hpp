// A user's name and password as options of an end: two that go together.
#pragma once

#include "core/options.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace logpipe {

struct credential_options {
    std::string_view user;  ///< the option's name
    std::string_view user_help;
    std::string_view password_file;
    std::string_view password_help;
};

/// `User` and `Password` are both given or neither; `File` is the password's, so that it can be read again.
/// @return its read() fails with errc::invalid_argument where only one is given
template <auto User, auto Password, auto File>
auto credentials(credential_options const& rows) {
    using options = binding::owner<User>;
    auto group = joined(text<User>(rows.user, "NAME", rows.user_help),
                        secret<Password, File>(rows.password_file, rows.password_help));
    auto& last = group.back();
    last.assign = [assign = last.assign, user = rows.user, file = rows.password_file](
                      options& into, option_values const& from) -> result<> {
        if (auto assigned = assign(into, from); !assigned) return assigned;
        if ((into.*User).empty() == (into.*Password).empty()) return {};
        return error{errc::invalid_argument,
                     "--" + std::string{user} + " and --" + std::string{file} + " go together: give both or neither"};
    };
    return group;
}

}  // namespace logpipe
