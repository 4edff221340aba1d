#include "config_file.hpp"

#include "core/nearest.hpp"
#include "formats/toml.hpp"
#include "settings.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace logpipe::cli {

namespace {

error at_line(std::string const& path, toml::source_region const& where, std::string_view what) {
    if (where.begin.line == 0) return error{errc::invalid_argument, fmt::format("{}: {}", path, what)};
    return error{errc::invalid_argument, fmt::format("{}:{}: {}", path, where.begin.line, what)};
}

std::optional<std::string> scalar_text(toml::node const& node) {
    if (auto const* text = node.as_string()) return text->get();
    if (auto const* number = node.as_integer()) return fmt::format("{}", number->get());
    if (auto const* number = node.as_floating_point()) return fmt::format("{}", number->get());
    if (auto const* flag = node.as_boolean()) return flag->get() ? "on" : "off";
    return std::nullopt;
}

result<std::vector<std::string>> value_texts(std::string const& path, option const& row, toml::node const& node) {
    auto const key = row.name;
    std::vector<std::string> texts;
    if (auto const* list = node.as_array()) {
        if (row.kind != option_kind::list)
            return at_line(path, node.source(), fmt::format("{}: expected one value, not a list", key));
        for (auto const& each : *list) {
            auto text = scalar_text(each);
            if (!text) return at_line(path, each.source(), fmt::format("{}: expected a list of plain values", key));
            texts.push_back(*std::move(text));
        }
        return texts;
    }
    auto text = scalar_text(node);
    if (!text)
        return at_line(path, node.source(),
                       fmt::format("{}: expected a plain value{}", key,
                                   row.kind == option_kind::list ? " or a list of them" : ""));
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

/// Adds the values of one table; `known` are the options it may have, `mine` those that this subcommand takes.
result<> add_table(std::string const& path, toml::table const& table, std::span<option const> known,
                   std::span<option const> mine, bool in_table, config_values& into) {
    for (auto const& [key, node] : table) {
        if (node.is_table()) continue;
        std::string_view const name = key.str();
        auto const row = std::ranges::find(known, name, &option::name);
        if (row == known.end()) return unknown_key(path, key.source(), name, names_of(known));
        if (std::ranges::find(mine, name, &option::name) == mine.end()) continue;
        auto texts = value_texts(path, *row, node);
        if (!texts) return texts.error();
        into.insert_or_assign(std::string{name}, config_value{*std::move(texts), in_table});
    }
    return {};
}

/// What each key of a hop's table sets.
struct hop_key {
    std::string_view name;
    std::string hop_spec::* text;
};
constexpr std::array hop_keys{hop_key{"from", &hop_spec::from},
                              hop_key{"transform", &hop_spec::transform},
                              hop_key{"to", &hop_spec::to},
                              hop_key{"tags", &hop_spec::tags},
                              hop_key{"dead-letters", &hop_spec::dead_letters},
                              hop_key{"group", &hop_spec::group},
                              hop_key{"threads", nullptr},
                              hop_key{"route", nullptr}};

result<> set_routes(std::string const& path, toml::node const& node, hop_spec& hop) {
    auto const* routes = node.as_table();
    if (routes == nullptr) return at_line(path, node.source(), "route: expected a table, { \"TAGS\" = \"URI\" }");
    for (auto const& [tags, to] : *routes) {
        auto const* uri = to.as_string();
        if (uri == nullptr) return at_line(path, to.source(), fmt::format("route {}: expected a URI", tags.str()));
        hop.routes.push_back({.tags = std::string{tags.str()}, .to = uri->get()});
    }
    return {};
}

result<> set_threads(std::string const& path, toml::node const& node, hop_spec& hop) {
    auto const threads = node.value<std::int64_t>().value_or(0);
    if (threads < 1 || threads > std::int64_t{hop_spec::threads_max})
        return at_line(path, node.source(),
                       fmt::format("threads: expected an integer from 1 to {}", hop_spec::threads_max));
    hop.threads = static_cast<std::size_t>(threads);
    return {};
}

result<hop_spec> read_hop(std::string const& path, std::string_view name, toml::table const& table) {
    hop_spec hop{.name = std::string{name}, .from = {}, .to = {}, .dead_letters = {}};
    for (auto const& [key, node] : table) {
        auto const known = std::ranges::find(hop_keys, key.str(), &hop_key::name);
        if (known == hop_keys.end()) {
            std::vector<std::string_view> names;
            for (auto const& each : hop_keys) names.push_back(each.name);
            return unknown_key(path, key.source(), key.str(), names);
        }
        result<> set;
        if (known->text == nullptr) {
            set = key.str() == "route" ? set_routes(path, node, hop) : set_threads(path, node, hop);
        } else if (auto const* text = node.as_string()) {
            hop.*known->text = text->get();
        } else {
            set = at_line(path, node.source(), fmt::format("{}: expected a string", key.str()));
        }
        if (!set) return set.error();
    }
    return hop;
}

/// In the order in which they stand in the file, which toml++ does not keep.
result<std::vector<hop_spec>> read_hops(std::string const& path, toml::table const& tables) {
    std::vector<std::pair<toml::source_index, hop_spec>> found;
    for (auto const& [name, node] : tables) {
        auto const* table = node.as_table();
        if (table == nullptr) return at_line(path, node.source(), fmt::format("hops.{}: expected a table", name.str()));
        auto hop = read_hop(path, name.str(), *table);
        if (!hop) return hop.error();
        found.emplace_back(name.source().begin.line, *std::move(hop));
    }
    std::ranges::sort(found, {}, [](auto const& each) { return each.first; });
    std::vector<hop_spec> hops;
    for (auto& [line, hop] : found) hops.push_back(std::move(hop));
    return hops;
}

result<config> read_root(toml::parse_result const& parsed, std::string const& path, std::string_view subcommand) {
    if (!parsed) return at_line(path, parsed.error().source(), parsed.error().description());
    auto const& root = parsed.table();
    config read;
    auto& values = read.values;
    if (auto added = add_table(path, root, all_options(), options_of(subcommand), false, values); !added)
        return added.error();
    for (auto const& [key, node] : root) {
        auto const* table = node.as_table();
        if (table == nullptr) continue;
        if (key.str() == "hops") {
            auto hops = read_hops(path, *table);
            if (!hops) return hops.error();
            read.hops = *std::move(hops);
            continue;
        }
        auto const names = subcommand_names();
        if (std::ranges::find(names, key.str()) == names.end())
            return unknown_key(path, key.source(), key.str(), names);
        auto const rows = options_of(key.str());
        // Every table is checked; only this subcommand's is used, over what stands at the top.
        config_values others;
        auto& into = key.str() == subcommand ? values : others;
        if (auto added = add_table(path, *table, rows, rows, true, into); !added) return added.error();
    }
    return read;
}

}  // namespace

result<config> parse_config(std::string_view text, std::string const& path, std::string_view subcommand) {
    return read_root(toml::parse(text, path), path, subcommand);
}

result<config> read_config_file(std::string const& path, std::string_view subcommand) {
    return read_root(toml::parse_file(path), path, subcommand);
}

}  // namespace logpipe::cli
