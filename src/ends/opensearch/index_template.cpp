#include "index_template.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

/// Texts are cut for the index at 2,048 characters (they stay whole in the document): Lucene rejects a term above
/// 32,766 bytes, and with it the document. `ignore_malformed` likewise keeps a document whose number is none.
json::object indexed_as(field_type type, bool is_searched) {
    switch (type) {
        using enum field_type;
        case text:
            break;
        case ip:
            return {{"type", "ip"}, {"ignore_malformed", true}};
        case integer:
            return {{"type", "integer"}, {"ignore_malformed", true}};
        case long_integer:
            return {{"type", "long"}, {"ignore_malformed", true}};
        case decimal:
            return {{"type", "double"}, {"ignore_malformed", true}};
        case time:
            return {{"type", "date"}, {"ignore_malformed", true}};
        case millis:
            return {{"type", "date"}, {"format", "epoch_millis"}, {"ignore_malformed", true}};
    }
    json::object keyword{{"type", "keyword"}, {"ignore_above", 2048}};
    if (is_searched) keyword["fields"] = {{"text", {{"type", "text"}, {"norms", false}}}};
    return keyword;
}

/// Puts a field below `into`, which is an object of properties; objects being sent are made as `as_object`.
void add_field(json::object& into, std::string_view path, json::object field, json::object const& as_object) {
    auto* properties = &into;
    for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        auto& object = properties->emplace(path.substr(0, dot), as_object).first->value().as_object();
        properties = &object.emplace("properties", json::object{}).first->value().as_object();
        path.remove_prefix(dot + 1);
    }
    properties->emplace(path, std::move(field));
}

/// Unknown keys are stored and not mapped, so that clients' keys cannot make the mapping grow without end.
json::object mappings_of(schema const& documents) {
    json::object properties;
    for (std::size_t i = 0; i < documents.fields.size(); ++i) {
        bool const is_searched = std::ranges::find(documents.searched, i) != documents.searched.end();
        add_field(properties, documents.fields[i].path, indexed_as(documents.fields[i].type, is_searched),
                  {{"type", "object"}, {"dynamic", false}});
    }
    return {{"dynamic", false}, {"properties", std::move(properties)}};
}

/// https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html. Not by default: a line may have a text of its
/// own where these need an object, and would be rejected.
void add_ecs_aliases(json::object& mapped, schema const& documents) {
    auto& properties = mapped.at("properties").as_object();
    for (auto const& field : documents.fields)
        if (!field.ecs.empty())
            add_field(properties, field.ecs, {{"type", "alias"}, {"path", field.path}}, json::object{});
}

std::string_view text_at(json::object const& from, std::string_view key) {
    auto const* value = from.if_contains(key);
    auto const* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view{} : std::string_view{*text};
}

json::object const* object_at(json::object const& from, std::string_view key) {
    auto const* value = from.if_contains(key);
    return value == nullptr ? nullptr : value->if_object();
}

/// An object of fields has no type, or says "object".
std::string_view type_of(json::object const& field) {
    auto const type = text_at(field, "type");
    return type.empty() ? "object" : type;
}

void list_leaves(json::object const& field, std::string const& path, mapping_difference& into) {
    if (auto const* members = object_at(field, "properties")) {
        for (auto const& [name, member] : *members)
            list_leaves(member.as_object(), fmt::format("{}.{}", path, std::string_view{name}), into);
        return;
    }
    auto const type = type_of(field);
    if (type == "alias")
        into.aliases.push_back(fmt::format("{}: alias of {}", path, text_at(field, "path")));
    else
        into.fields.push_back(fmt::format("{}: {}", path, type));
}

/// @return what `live` lacks of the fields in `wanted`
json::object compare_fields(json::object const& wanted, json::object const& live, std::string const& above,
                            mapping_difference& into) {
    json::object missing;
    for (auto const& [name, value] : wanted) {
        auto const& field = value.as_object();
        auto const path = above + std::string{name};
        auto const* there = object_at(live, name);
        if (there == nullptr) {
            list_leaves(field, path, into);
            missing.emplace(name, field);
            continue;
        }
        auto const type = type_of(field);
        if (type_of(*there) != type) {
            into.conflicts.push_back(fmt::format("{} is {}, the template has {}", path, type_of(*there), type));
            continue;
        }
        auto const* members = object_at(field, "properties");
        if (members == nullptr) continue;
        auto const* live_members = object_at(*there, "properties");
        auto lacking =
            compare_fields(*members, live_members == nullptr ? json::object{} : *live_members, path + ".", into);
        if (!lacking.empty()) missing.emplace(name, json::object{{"properties", std::move(lacking)}});
    }
    return missing;
}

}  // namespace

std::string target_index::example() const {
    return pattern.name(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()), "other");
}

std::string target_index::alias() const {
    if (pattern.is_one_index() || settings.alias == "none") return {};
    return settings.alias == "auto" ? pattern.alias() : settings.alias;
}

std::string template_name(index_pattern const& pattern) {
    return "logpipe-" + pattern.common_name();
}

json::object make_template(target_index const& index, field_names names) {
    auto mapped = mappings_of(index.documents);
    if (names == field_names::own_and_ecs) add_ecs_aliases(mapped, index.documents);
    auto const& wanted = index.settings;
    json::object settings{{"number_of_shards", wanted.shards}, {"number_of_replicas", wanted.replicas}};
    if (!wanted.codec.empty()) settings["codec"] = wanted.codec;
    if (!wanted.refresh.empty()) settings["refresh_interval"] = wanted.refresh;
    json::object of_an_index{{"settings", json::object{{"index", std::move(settings)}}},
                             {"mappings", std::move(mapped)}};
    if (auto const alias = index.alias(); !alias.empty()) of_an_index["aliases"] = {{alias, json::object{}}};
    json::object made;
    made["index_patterns"] = json::array{json::string{index.expression()}};
    made["priority"] = 200;
    made["version"] = template_version;
    made["_meta"] = json::object{{"managed_by", "logpipe"}};
    made["template"] = std::move(of_an_index);
    if (wanted.data_stream) made["data_stream"] = json::object{};
    return made;
}

std::string opensearch_template(std::string const& index, schema const& documents) {
    return json::serialize(make_template(
        {.pattern = index_pattern::parse(index).value(), .documents = documents, .settings = {}}, field_names::own));
}

mapping_difference compare_mapping(json::object const& wanted, json::object const& live) {
    mapping_difference difference;
    auto const* there = object_at(live, "properties");
    auto lacking =
        compare_fields(wanted.at("properties").as_object(), there == nullptr ? json::object{} : *there, "", difference);
    if (!lacking.empty()) difference.missing.emplace("properties", std::move(lacking));
    return difference;
}

}  // namespace logpipe::opensearch
