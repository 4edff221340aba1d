// Binds options to the members of a struct: name, help and range stand beside the member's name, the default is the
// member's own, the kind follows from the member's type.
//
//   option_set<loki_sink_options> const options{
//       bytes<&loki_sink_options::push_bytes_max>("push-bytes", "Maximum size of one push.", {.least = 1}),
//       flag<&loki_sink_options::insecure_skip_verify>("insecure-skip-verify", "Accept any certificate.")};
#pragma once

#include "logpipe/descriptor.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace logpipe {

/// "8M", "4096": the largest binary unit that is exact.
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);
/// Logs that an option has less than its value: a warning where somebody gave it, else a note.
void say_lowered(option_values const& values, std::string_view option, std::string_view words);
/// "25ms", "10s", "5m", "7d"; 0 is "0".
[[nodiscard]] std::string duration_text(std::chrono::milliseconds time);
/// The place of `value` in "block|drop-oldest"; none where it is not one of them.
[[nodiscard]] std::optional<std::size_t> choice_index(std::string_view choices, std::string_view value) noexcept;
[[nodiscard]] std::string_view choice_at(std::string_view choices, std::size_t index) noexcept;
/// The values where none is given: the default, or no value of a list without one.
[[nodiscard]] std::vector<std::string> default_values(option const& row);
/// What a secret's file or variable holds, to its first line end.
[[nodiscard]] result<std::string> secret_line(option_values const& values, std::string_view name);

template <class Options>
struct bound_option {
    option row;
    std::function<result<>(Options&, option_values const&)> assign;
};

/// The options of a struct, in the order of the reference. Immutable, so any thread may use it.
template <class Options>
class option_set {
  public:
    using group = std::vector<bound_option<Options>>;

    option_set(std::initializer_list<group> groups) {
        for (auto const& each : groups) bound_.insert(bound_.end(), each.begin(), each.end());
    }

    [[nodiscard]] group const& bound() const noexcept { return bound_; }
    [[nodiscard]] std::vector<option> rows() const {
        std::vector<option> rows;
        for (auto const& each : bound_) rows.push_back(each.row);
        return rows;
    }
    /// @return errc::invalid_argument for a secret that cannot be read
    [[nodiscard]] result<Options> read(option_values const& values) const {
        Options options;
        for (auto const& each : bound_)
            if (auto assigned = each.assign(options, values); !assigned) return assigned.error();
        return options;
    }

  private:
    group bound_;
};

/// Of numbers, of bytes, of milliseconds.
struct option_range {
    std::uint64_t least = 0;
    std::uint64_t most = std::numeric_limits<std::int64_t>::max();
};

namespace binding {

template <class Owner, class Member>
Owner owner_of(Member Owner::*);
template <class Owner, class Member>
Member member_of(Member Owner::*);
template <auto Member>
using owner = decltype(owner_of(Member));
template <auto Member>
using type = decltype(member_of(Member));
template <auto Member>
using group = typename option_set<owner<Member>>::group;

template <auto Member>
type<Member> fallback() {
    return owner<Member>{}.*Member;
}

template <auto Member, class Assign>
group<Member> one(option row, Assign assign) {
    return {{std::move(row), [name = row.name, assign](owner<Member>& into, option_values const& from) -> result<> {
                 into.*Member = assign(from, name);
                 return {};
             }}};
}

template <auto Member>
group<Member> number(option row, option_range range) {
    row.least = range.least;
    row.most = range.most;
    if constexpr (std::is_integral_v<type<Member>>)
        row.most = std::min(row.most, static_cast<std::uint64_t>(std::numeric_limits<type<Member>>::max()));
    return one<Member>(std::move(row), [](option_values const& from, std::string_view name) {
        return static_cast<type<Member>>(from.number(name));
    });
}

}  // namespace binding

template <auto Member>
auto count(std::string_view name, std::string_view help, option_range range = {}) {
    auto const fallback = static_cast<std::uint64_t>(binding::fallback<Member>());
    return binding::number<Member>({name, option_kind::count, "N", help, std::to_string(fallback)}, range);
}

template <auto Member>
auto bytes(std::string_view name, std::string_view help, option_range range = {}) {
    return binding::number<Member>({name, option_kind::bytes, "SIZE", help, bytes_text(binding::fallback<Member>())},
                                   range);
}

/// @param range  in milliseconds
template <auto Member>
auto duration(std::string_view name, std::string_view help, option_range range = {}) {
    using time = binding::type<Member>;
    option row{name, option_kind::duration, "TIME", help, duration_text(binding::fallback<Member>())};
    row.least = range.least;
    row.most = range.most;
    return binding::one<Member>(std::move(row), [](option_values const& from, std::string_view which) {
        return std::chrono::duration_cast<time>(std::chrono::milliseconds{from.number(which)});
    });
}

template <auto Member>
auto text(std::string_view name, std::string_view metavar, std::string_view help) {
    return binding::one<Member>({name, option_kind::text, metavar, help, binding::fallback<Member>()},
                                [](option_values const& from, std::string_view which) { return from.text(which); });
}

template <auto Member>
auto list(std::string_view name, std::string_view metavar, std::string_view help) {
    return binding::one<Member>({name, option_kind::list, metavar, help, {}},
                                [](option_values const& from, std::string_view which) { return from.list(which); });
}

/// --name alone is on; for a member that is off by default.
template <auto Member>
auto flag(std::string_view name, std::string_view help) {
    return binding::one<Member>(
        {name, option_kind::on_off, "", help, "off"},
        [](option_values const& from, std::string_view which) { return from.number(which) != 0; });
}

/// --name alone turns off what is on by default.
template <auto Member>
auto inverse_flag(std::string_view name, std::string_view help) {
    return binding::one<Member>(
        {name, option_kind::on_off, "", help, "off"},
        [](option_values const& from, std::string_view which) { return from.number(which) == 0; });
}

/// Of a string, its text; of an enumeration or bool, the enumerator whose place the value has in `choices`.
/// @param choices  "block|drop-oldest"; of a bool the one that is false first
template <auto Member>
auto choice(std::string_view name, std::string_view choices, std::string_view help) {
    using member = binding::type<Member>;
    if constexpr (std::is_same_v<member, std::string>) {
        return binding::one<Member>({name, option_kind::choice, choices, help, binding::fallback<Member>()},
                                    [](option_values const& from, std::string_view which) { return from.text(which); });
    } else {
        auto const fallback = choice_at(choices, static_cast<std::size_t>(binding::fallback<Member>()));
        return binding::one<Member>({name, option_kind::choice, choices, help, std::string{fallback}},
                                    [choices](option_values const& from, std::string_view which) {
                                        return static_cast<member>(choice_index(choices, from.text(which)).value());
                                    });
    }
}

/// The secret goes into `Member`, the file's name into `File`, so that it can be read again.
template <auto Member, auto File>
auto secret(std::string_view name, std::string_view help) {
    using options = binding::owner<Member>;
    typename option_set<options>::group group{
        {{name, option_kind::secret, "FILE", help, {}}, [name](options& into, option_values const& from) -> result<> {
             auto line = secret_line(from, name);
             if (!line) return line.error();
             into.*Member = *std::move(line);
             into.*File = from.text(name);
             return {};
         }}};
    return group;
}

/// One group after the other.
template <class Group>
Group joined(Group first, Group const& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

/// These options are parameters of the URI alone.
template <class Group>
Group in_uri(Group group) {
    for (auto& each : group) each.row.in_uri_only = true;
    return group;
}

/// The options of a struct within.
template <auto Member>
auto within(option_set<binding::type<Member>> const& inner) {
    using options = binding::owner<Member>;
    typename option_set<options>::group group;
    for (auto const& each : inner.bound())
        group.push_back({each.row, [assign = each.assign](options& into, option_values const& from) {
                             return assign(into.*Member, from);
                         }});
    return group;
}

}  // namespace logpipe
