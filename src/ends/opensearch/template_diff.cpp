#include "template_diff.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <map>
#include <string_view>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

using leaves = std::map<std::string, std::string>;  // by path

/// The server gives numbers of settings as texts.
std::string text_of(json::value const& leaf) {
    return leaf.is_string() ? std::string{leaf.as_string()} : json::serialize(leaf);
}

void add_leaves(json::value const& from, std::string const& path, leaves& into) {
    auto const* object = from.if_object();
    if (object == nullptr || object->empty()) {
        into[path] = text_of(from);
        return;
    }
    for (auto const& [name, value] : *object)
        add_leaves(value, path.empty() ? std::string{name} : fmt::format("{}.{}", path, std::string_view{name}), into);
}

leaves leaves_of(json::object const& index_template, bool with_mapping) {
    leaves all;
    for (auto const* key : {"index_patterns", "data_stream"})
        if (auto const* value = index_template.if_contains(key)) {
            // The server adds the name of its field to what says nothing.
            if (std::string_view{key} == "data_stream")
                all[key] = "{}";
            else
                add_leaves(*value, key, all);
        }
    auto const* inner = index_template.if_contains("template");
    if (inner == nullptr || !inner->is_object()) return all;
    for (auto const* key : {"settings", "aliases", "mappings"}) {
        if (!with_mapping && std::string_view{key} == "mappings") continue;
        if (auto const* value = inner->as_object().if_contains(key)) add_leaves(*value, key, all);
    }
    return all;
}

std::vector<std::string> compare(leaves const& live, leaves const& made) {
    std::vector<std::string> lines;
    for (auto const& [path, value] : made) {
        auto const there = live.find(path);
        if (there == live.end())
            lines.push_back(fmt::format("{}: not there, would be {}", path, value));
        else if (there->second != value)
            lines.push_back(fmt::format("{}: {}, would be {}", path, there->second, value));
    }
    for (auto const& [path, value] : live)
        if (!made.contains(path)) lines.push_back(fmt::format("{}: {}, would not be there", path, value));
    return lines;
}

}  // namespace

std::vector<std::string> difference_of_settings(json::object const& live, json::object const& made) {
    return compare(leaves_of(live, false), leaves_of(made, false));
}

std::vector<std::string> difference_of_templates(json::object const& live, json::object const& made) {
    return compare(leaves_of(live, true), leaves_of(made, true));
}

}  // namespace logpipe::opensearch
