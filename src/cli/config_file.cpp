#include "config_file.hpp"

#include "core/nearest.hpp"
#include "settings.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace logpipe::cli {

namespace {

error at_line(std::string const& path, toml::source_region const& where, std::string_view what) {
    return error{errc::invalid_argument, fmt::format("{}:{}: {}", path, where.begin.line, what)};
}

std::optional<std::string> scalar_text(toml::node const& node) {
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return fmt::format("{}", number->get());
    if (auto const* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (auto const* flag = node.as_boolean()) return flag->get() ? "on" : "off";
    return std::nullopt;
}

result<std::vector<std::string>> value_texts(std::string const& path, std::string_view key, toml::node const& node) {
    std::vector<std::string> texts;
    if (auto const* list = node.as_array()) {
        for (auto const& each : *list) {
            auto text = scalar_text(each);
            if (!text) return at_line(path, each.source(), fmt::format("{}: a list of plain values is expected", key));
            texts.push_back(*std::move(text));
        }
        return texts;
    }
    auto text = scalar_text(node);
    if (!text) return at_line(path, node.source(), fmt::format("{}: a plain value or a list of them is expected", key));
    texts.push_back(*std::move(text));
    return texts;
}

error unknown_key(std::string const& path, toml::source_region const& where, std::string_view key,
                  std::span<std::string_view const> known) {
    auto const near = nearest(key, known);
    return at_line(path, where,
                   near.empty() ? fmt::format("unknown key \"{}\"", key)
                                : fmt::format("unknown key \"{}\"; did you mean \"{}\"?", key, near));
}

std::vector<std::string_view> names_of(std::span<option const> rows) {
    std::vector<std::string_view> names;
    for (auto const& row : rows) names.push_back(row.name);
    return names;
}

/// Adds the values of one table; `known` are the names it may have, `mine` those that this subcommand takes.
result<> add_table(std::string const& path, toml::table const& table, std::span<std::string_view const> known,
                   std::span<std::string_view const> mine, bool in_table, config_values& into) {
    for (auto const& [key, node] : table) {
        if (node.is_table()) continue;
        std::string_view const name = key.str();
        if (std::ranges::find(known, name) == known.end()) return unknown_key(path, key.source(), name, known);
        if (std::ranges::find(mine, name) == mine.end()) continue;
        auto texts = value_texts(path, name, node);
        if (!texts) return texts.error();
        into.insert_or_assign(std::string{name}, config_value{*std::move(texts), in_table});
    }
    return {};
}

}  // namespace

result<config_values> read_config_file(std::string const& path, std::string_view subcommand) {
    auto const parsed = toml::parse_file(path);
    if (!parsed) return at_line(path, parsed.error().source(), parsed.error().description());
    auto const& root = parsed.table();
    auto const mine_rows = options_of(subcommand);
    auto const mine = names_of(mine_rows);
    auto const all_rows = all_options();
    config_values values;
    if (auto added = add_table(path, root, names_of(all_rows), mine, false, values); !added) return added.error();
    for (auto const& [key, node] : root) {
        auto const* table = node.as_table();
        if (table == nullptr) continue;
        auto const names = subcommand_names();
        if (std::ranges::find(names, key.str()) == names.end())
            return unknown_key(path, key.source(), key.str(), names);
        auto const rows = options_of(key.str());
        // Every table is checked; only this subcommand's is used, over what stands at the top.
        config_values others;
        auto& into = key.str() == subcommand ? values : others;
        if (auto added = add_table(path, *table, names_of(rows), names_of(rows), true, into); !added)
            return added.error();
    }
    return values;
}

}  // namespace logpipe::cli
