#include "index_template.hpp"

#include "opensearch/opensearch.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

/// Strings are cut for the index at 2,048 characters (they stay whole in the document): Lucene refuses a term above
/// 32,766 bytes, and with it the document. `ignore_malformed` likewise keeps a document whose number is none.
///
/// Unknown keys are stored and not mapped, so that clients' keys cannot make the mapping grow without end. `time` is in
/// milliseconds, as a number.
constexpr std::string_view mappings = R"json({
  "dynamic": false,
  "properties": {
    "event": {
      "type": "object",
      "dynamic": false,
      "properties": {
        "remote_ip": {"type": "ip", "ignore_malformed": true},
        "remote_user": {"type": "keyword", "ignore_above": 2048},
        "request": {"type": "keyword", "ignore_above": 2048, "fields": {"text": {"type": "text", "norms": false}}},
        "response": {"type": "integer", "ignore_malformed": true},
        "bytes": {"type": "long", "ignore_malformed": true},
        "referrer": {"type": "keyword", "ignore_above": 2048, "fields": {"text": {"type": "text", "norms": false}}},
        "agent": {"type": "keyword", "ignore_above": 2048, "fields": {"text": {"type": "text", "norms": false}}}
      }
    },
    "fields": {
      "type": "object",
      "dynamic": false,
      "properties": {
        "region": {"type": "keyword", "ignore_above": 2048},
        "assetid": {"type": "keyword", "ignore_above": 2048}
      }
    },
    "@version": {"type": "keyword", "ignore_above": 2048},
    "@timestamp": {"type": "date", "ignore_malformed": true},
    "time": {"type": "date", "format": "epoch_millis", "ignore_malformed": true},
    "index": {"type": "keyword", "ignore_above": 2048},
    "sourcetype": {"type": "keyword", "ignore_above": 2048}
  }
})json";

/// https://www.elastic.co/guide/en/ecs/current/ecs-field-reference.html. Not by default: a line may have a text of its
/// own where these need an object, and would be refused.
constexpr std::string_view ecs_aliases = R"json({
  "client": {"properties": {"ip": {"type": "alias", "path": "event.remote_ip"}}},
  "http": {
    "properties": {
      "request": {"properties": {"referrer": {"type": "alias", "path": "event.referrer"}}},
      "response": {
        "properties": {
          "status_code": {"type": "alias", "path": "event.response"},
          "body": {"properties": {"bytes": {"type": "alias", "path": "event.bytes"}}}
        }
      }
    }
  },
  "url": {"properties": {"original": {"type": "alias", "path": "event.request"}}},
  "user_agent": {"properties": {"original": {"type": "alias", "path": "event.agent"}}}
})json";

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

std::string template_name(std::string_view index) {
    return fmt::format("logpipe-{}", index);
}

json::object make_template(std::string_view index, field_names names) {
    json::object mapped = json::parse(mappings).as_object();
    if (names == field_names::own_and_ecs) {
        json::object const aliases = json::parse(ecs_aliases).as_object();
        for (auto const& [name, field] : aliases) mapped.at("properties").as_object().emplace(name, field);
    }
    json::object made;
    made["index_patterns"] = json::array{json::string{index}};
    made["priority"] = 200;
    made["version"] = template_version;
    made["_meta"] = json::object{{"managed_by", "logpipe"}};
    made["template"] = json::object{
        {"settings", json::object{{"index", json::object{{"number_of_shards", 1}, {"number_of_replicas", 0}}}}},
        {"mappings", std::move(mapped)}};
    return made;
}

std::string opensearch_template(std::string const& index) {
    return json::serialize(make_template(index, field_names::own));
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
