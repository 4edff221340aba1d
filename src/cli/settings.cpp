#include "settings.hpp"

#include "config_file.hpp"
#include "core/assert.hpp"
#include "core/end_uri.hpp"
#include "core/options.hpp"
#include "core/secrets.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace logpipe::cli {

namespace {

/// "--threads", "threads in logpipe.toml", "LOGPIPE_THREADS".
std::string said_by(std::string_view name, std::string_view origin) {
    if (origin.starts_with("--") || origin.starts_with("LOGPIPE_")) return std::string{origin};
    return fmt::format("{} in {}", name, origin);
}

error invalid(std::string_view value, std::string_view expected) {
    return {errc::invalid_argument, fmt::format("invalid value \"{}\": expected {}", value, expected)};
}

std::string amount_text(option_kind kind, std::uint64_t amount) {
    if (kind == option_kind::bytes) return bytes_text(amount);
    if (kind == option_kind::duration) return duration_text(std::chrono::milliseconds{amount});
    return fmt::format("{}", amount);
}

result<> check_range(option const& what, std::string_view value, std::uint64_t amount) {
    if (amount >= what.least && amount <= what.most) return {};
    auto const least = amount_text(what.kind, what.least);
    if (amount < what.least) return invalid(value, fmt::format("at least {}", least));
    return invalid(value, fmt::format("at most {}", amount_text(what.kind, what.most)));
}

result<std::uint64_t> parse_count(std::string_view value) {
    std::uint64_t number = 0;
    auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failed == std::errc::result_out_of_range) return invalid(value, "a smaller number");
    if (failed != std::errc{} || end != value.data() + value.size()) return invalid(value, "an integer");
    return number;
}

result<std::uint64_t> parse_amount(option_kind kind, std::string_view value) {
    if (kind == option_kind::count) return parse_count(value);
    if (kind == option_kind::bytes) return parse_bytes(value);
    auto const time = parse_duration(value);
    if (!time) return time.error();
    return static_cast<std::uint64_t>(time->count());
}

}  // namespace

result<> check_value(option const& what, std::string_view value) {
    if (what.check != nullptr)
        if (auto good = what.check(value); !good) return good;
    switch (what.kind) {
        case option_kind::text:
        case option_kind::secret:
        case option_kind::list:
            return {};
        case option_kind::choice:
            if (choice_index(what.metavar, value)) return {};
            return invalid(value, what.metavar);
        case option_kind::on_off:
            if (value == "on" || value == "off") return {};
            return invalid(value, "on or off");
        case option_kind::count:
        case option_kind::bytes:
        case option_kind::duration:
            break;
    }
    auto const amount = parse_amount(what.kind, value);
    if (!amount) return amount.error();
    return check_range(what, value, *amount);
}

std::uint64_t number_of(option_kind kind, std::string_view value) {
    switch (kind) {
        case option_kind::count:
        case option_kind::bytes:
        case option_kind::duration:
            return parse_amount(kind, value).value();
        case option_kind::text:
        case option_kind::secret:
        case option_kind::choice:
        case option_kind::on_off:
        case option_kind::list:
            break;
    }
    return value == "on" || value == "yes" ? 1 : 0;
}

std::string environment_name(std::string_view option) {
    std::string name = "LOGPIPE_";
    for (char const c : option) name += c == '-' ? '_' : static_cast<char>(c - ('a' <= c && c <= 'z' ? 'a' - 'A' : 0));
    return name;
}

std::string secret_environment_name(std::string_view option) {
    constexpr std::string_view suffix = "-file";
    LOGPIPE_ASSERT(option.ends_with(suffix));
    return environment_name(option.substr(0, option.size() - suffix.size()));
}

result<settings> settings::merge(std::string subcommand,
                                 std::map<std::string, std::vector<std::string>, std::less<>> const& flags,
                                 std::map<std::string, std::string, std::less<>> const& environment,
                                 std::string const& file) {
    auto path = file;
    if (path.empty() && std::filesystem::exists("logpipe.toml")) path = "logpipe.toml";
    config_values from_file;
    std::vector<hop_spec> hops;
    if (!path.empty()) {
        auto read = read_config_file(path, subcommand);
        if (!read) return read.error();
        from_file = std::move(read->values);
        hops = std::move(read->hops);
    }
    settings merged;
    merged.subcommand_ = std::move(subcommand);
    merged.hops_ = std::move(hops);
    for (auto const& row : options_of(merged.subcommand_)) {
        auto& value = merged.values_[std::string{row.name}];
        value.kind = row.kind;
        auto const variable = environment_name(row.name);
        if (auto const flag = flags.find(row.name); flag != flags.end()) {
            value.values = flag->second;
            value.origin = fmt::format("--{}", row.name);
        } else if (auto const set = environment.find(variable); set != environment.end()) {
            value.values = {set->second};
            value.origin = variable;
        } else if (auto const key = from_file.find(row.name); key != from_file.end()) {
            value.values = key->second.texts;
            value.origin = path;
            value.meant = key->second.in_table;
        } else {
            value.values = default_values(row);
            value.origin = "default";
        }
        value.meant = value.meant || value.origin.starts_with("--");
        if (row.kind == option_kind::secret)
            if (auto const set = environment.find(secret_environment_name(row.name)); set != environment.end())
                merged.secrets_[std::string{row.name}] = set->second;
        for (auto const& each : value.values)
            if (auto good = check_value(row, each); !good && value.origin != "default")
                return in_context(said_by(row.name, value.origin), good.error());
    }
    for (auto const& row : all_options())
        merged.values_.try_emplace(std::string{row.name}, setting{.values = default_values(row), .kind = row.kind});
    return merged;
}

result<> settings::check_used(std::span<used_end const> used) const {
    auto const has = [](std::vector<option> const& options, std::string_view name) {
        return std::ranges::find(options, name, &option::name) != options.end();
    };
    for (auto const& [name, value] : values_) {
        if (!value.meant || is_own_option(subcommand_, name)) continue;
        bool const is_used = std::ranges::any_of(used, [&](used_end const& each) {
            auto const uri = parse_uri(each.uri);
            auto const* end = uri ? end_of_scheme(uri->scheme) : nullptr;
            return end != nullptr && has(options_of(*end, each.role), name);
        });
        if (is_used) continue;
        std::string owners;
        for (auto const* end : ends())
            for (auto const role : roles_of(subcommand_))
                if (has(options_of(*end, role), name)) {
                    owners += fmt::format("{}{}{}", owners.empty() ? "" : ", ", end->title,
                                          role == end_role::source ? " as a source"
                                          : role == end_role::sink ? " as a sink"
                                                                   : "");
                }
        return error{errc::invalid_argument, fmt::format("{}: an option of {}, which this {} does not use",
                                                         said_by(name, value.origin), owners, subcommand_)};
    }
    return {};
}

setting const& settings::at(std::string_view name) const {
    auto const found = values_.find(name);
    LOGPIPE_ASSERT(found != values_.end());
    return found->second;
}

std::string const& settings::text(std::string_view name) const {
    return at(name).values.front();
}
std::vector<std::string> const& settings::list(std::string_view name) const {
    return at(name).values;
}
std::uint64_t settings::number(std::string_view name) const {
    auto const& found = at(name);
    return number_of(found.kind, found.values.front());
}
bool settings::has(std::string_view name) const {
    auto const found = values_.find(name);
    return found != values_.end() && !found->second.origin.empty();
}
bool settings::is_default(std::string_view name) const {
    return at(name).origin == "default";
}

result<std::string> settings::secret(std::string_view name) const {
    auto const& path = text(name);
    if (auto const held = secrets_.find(name); held != secrets_.end()) {
        if (path.empty()) return without_line_end(held->second);
        return error{errc::invalid_argument,
                     fmt::format("both --{} and {} are given", name, secret_environment_name(name))};
    }
    if (path.empty()) return std::string{};
    auto lines = read_secret_lines(path);
    if (!lines) return in_context(fmt::format("--{}", name), lines.error());
    return lines;
}

}  // namespace logpipe::cli
