#include "core/assert.hpp"
#include "core/nearest.hpp"
#include "core/options.hpp"
#include "core/secrets.hpp"
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::cli {

namespace {

error unknown_parameter(end_uri const& uri, std::string_view name, std::vector<option> const& options) {
    std::vector<std::string_view> names;
    std::string known;
    for (auto const& each : options) {
        names.push_back(each.name);
        if (each.in_uri_only) known += fmt::format("{}{}", known.empty() ? "" : ", ", each.name);
    }
    auto const near = nearest(name, names);
    auto const hint = !near.empty()    ? fmt::format("did you mean \"{}\"?", near)
                      : !known.empty() ? fmt::format("available: {}", known)
                                       : std::string{"logpipe help END lists them"};
    return {errc::invalid_argument,
            fmt::format("{}: unknown parameter \"{}\"; {} (a ? that belongs to a path is written %3F)", uri.whole, name,
                        hint)};
}

}  // namespace

result<end_values> end_values::of(end_uri const& uri, std::vector<option> const& options, settings const& under) {
    end_values made{under};
    for (auto const& row : options) {
        if (!row.in_uri_only) continue;
        made.values_.try_emplace(std::string{row.name}, row.kind, default_values(row));
    }
    for (auto const& [name, text] : uri.query) {
        auto const row = std::ranges::find(options, name, &option::name);
        if (row == options.end()) return unknown_parameter(uri, name, options);
        if (auto good = check_value(*row, text); !good)
            return in_context(fmt::format("{}: {}", uri.whole, name), good.error());
        auto const [value, is_new] = made.values_.try_emplace(name, row->kind, std::vector<std::string>{});
        if (row->kind != option_kind::list) value->second.second.clear();
        if (row->kind == option_kind::list && is_new) value->second.second = under.list(name);
        value->second.second.push_back(text);
    }
    return made;
}

std::string const& end_values::text(std::string_view name) const {
    auto const own = values_.find(name);
    return own == values_.end() ? under_->text(name) : own->second.second.front();
}

std::vector<std::string> const& end_values::list(std::string_view name) const {
    auto const own = values_.find(name);
    return own == values_.end() ? under_->list(name) : own->second.second;
}

std::uint64_t end_values::number(std::string_view name) const {
    auto const own = values_.find(name);
    return own == values_.end() ? under_->number(name) : number_of(own->second.first, own->second.second.front());
}

result<std::string> end_values::secret(std::string_view name) const {
    auto const own = values_.find(name);
    return own == values_.end() ? under_->secret(name) : read_secret_lines(own->second.second.front());
}

bool end_values::is_default(std::string_view name) const {
    return !values_.contains(name) && under_->is_default(name);
}

}  // namespace logpipe::cli
