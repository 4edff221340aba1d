#include "settings.hpp"

#include "config_file.hpp"
#include "core/assert.hpp"
#include "core/secrets.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace logpipe::cli {

namespace {

result<> check_choice(option_row const& row, std::string_view value) {
    for (auto left = row.metavar; !left.empty();) {
        auto const bar = left.find('|');
        if (left.substr(0, bar) == value) return {};
        left = bar == std::string_view::npos ? std::string_view{} : left.substr(bar + 1);
    }
    return error{errc::invalid_argument, fmt::format("\"{}\" is none of {}", value, row.metavar)};
}

result<> check_count(std::string_view value) {
    std::uint64_t number = 0;
    auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failed != std::errc{} || end != value.data() + value.size())
        return error{errc::invalid_argument, fmt::format("\"{}\" is no number", value)};
    return {};
}

/// A password on a command line is seen by every user of the machine, and one in a file of options is shown by `check`.
result<> check_property(std::string_view value) {
    if (value.substr(0, value.find('=')) != "sasl.password") return {};
    return error{errc::invalid_argument,
                 "sasl.password is a secret: name its file by --kafka-password-file, or put it into the variable "
                 "LOGPIPE_KAFKA_PASSWORD; the user is --kafka-user"};
}

result<> check_value(option_row const& row, std::string_view value) {
    switch (row.kind) {
        case option_kind::text:
        case option_kind::secret:
            return {};
        case option_kind::list:
            return row.name == "kafka" ? check_property(value) : result<>{};
        case option_kind::choice:
            return check_choice(row, value);
        case option_kind::count:
            return check_count(value);
        case option_kind::bytes:
            if (auto parsed = parse_bytes(value); !parsed) return parsed.error();
            return {};
        case option_kind::duration:
            if (auto parsed = parse_duration(value); !parsed) return parsed.error();
            return {};
        case option_kind::on_off:
            if (value == "on" || value == "off") return {};
            return error{errc::invalid_argument, fmt::format("\"{}\" is neither on nor off", value)};
    }
    return {};
}

}  // namespace

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
    if (!path.empty()) {
        auto read = read_config_file(path, subcommand);
        if (!read) return read.error();
        from_file = *std::move(read);
    }
    settings merged;
    merged.subcommand_ = std::move(subcommand);
    for (auto const& row : option_rows_of(merged.subcommand_)) {
        auto& value = merged.values_[std::string{row.name}];
        auto const variable = environment_name(row.name);
        if (auto const flag = flags.find(row.name); flag != flags.end()) {
            value = {.values = flag->second, .origin = fmt::format("--{}", row.name)};
        } else if (auto const set = environment.find(variable); set != environment.end()) {
            value = {.values = {set->second}, .origin = variable};
        } else if (auto const key = from_file.find(row.name); key != from_file.end()) {
            value = {.values = key->second, .origin = path};
        } else {
            if (row.kind != option_kind::list || !row.fallback.empty()) value.values = {std::string{row.fallback}};
            value.origin = "default";
        }
        if (row.kind == option_kind::secret)
            if (auto const set = environment.find(secret_environment_name(row.name)); set != environment.end())
                merged.secrets_[std::string{row.name}] = set->second;
        for (auto const& each : value.values)
            if (auto good = check_value(row, each); !good)
                return error{errc::invalid_argument,
                             fmt::format("{} (set by {}): {}", row.name, value.origin, good.error().message)};
    }
    // An end that this subcommand was given by a URI may ask for options that it has no flags for: they are at their
    // defaults.
    for (auto const& row : option_rows()) {
        setting unset{.values = {std::string{row.fallback}}, .origin = {}};
        if (row.kind == option_kind::list && row.fallback.empty()) unset.values.clear();
        merged.values_.try_emplace(std::string{row.name}, std::move(unset));
    }
    return merged;
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
std::uint64_t settings::bytes(std::string_view name) const {
    return parse_bytes(text(name)).value();
}
std::chrono::milliseconds settings::duration(std::string_view name) const {
    return parse_duration(text(name)).value();
}
std::uint64_t settings::count(std::string_view name) const {
    return std::stoull(text(name));
}
bool settings::on(std::string_view name) const {
    return text(name) == "on" || text(name) == "yes";
}

result<std::string> settings::secret_lines(std::string_view name) const {
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

result<std::string> settings::secret(std::string_view name) const {
    auto lines = secret_lines(name);
    // A variable holds nothing else.
    if (lines && !text(name).empty()) lines->resize(std::min(lines->find('\n'), lines->size()));
    return lines;
}

}  // namespace logpipe::cli
