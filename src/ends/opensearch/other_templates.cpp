#include "other_templates.hpp"

#include "index_template.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

/// The largest there is: the template that is tried wins, and the response names all others.
constexpr std::int64_t highest_priority = INT32_MAX;
/// As the server names a template that is tried.
constexpr std::string_view tried_name = "simulate_index_template_";

struct one_template {
    std::string name;
    std::int64_t rank = 0;  // priority; order of a legacy one
    bool legacy = false;
    bool data_stream = false;
    json::object mappings;  // of a legacy one
};

json::value const* member(json::value const& from, std::string_view pointer) {
    boost::system::error_code missing;
    return from.find_pointer(pointer, missing);
}

json::object object_at(json::value const& from, std::string_view pointer) {
    auto const* value = member(from, pointer);
    return value != nullptr && value->is_object() ? value->as_object() : json::object{};
}

std::int64_t number_at(json::value const& from, std::string_view pointer) {
    auto const* value = member(from, pointer);
    return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

result<json::value> request(net::http_client& client, std::string_view method, std::string const& path,
                            std::string_view body = {}) {
    auto const response = fetch_body(client, {.method = method, .path = path, .body = body});
    if (!response) return response.error();
    boost::system::error_code failed;
    auto parsed = json::parse(*response, failed);
    if (failed || !parsed.is_object())
        return error{errc::protocol, fmt::format("{}: the response is not a JSON object", path)};
    return parsed;
}

/// The template of a data stream that is there already: the server does not try others for it.
result<std::optional<std::string>> template_of_data_stream(net::http_client& client, std::string const& index) {
    auto const response = request(client, "GET", "/_data_stream/" + encode_path_part(index));
    if (!response && response.error().code == errc::not_found) return std::optional<std::string>{};
    if (!response) return response.error();
    auto const* name = member(*response, "/data_streams/0/template");
    if (name == nullptr || !name->is_string()) return std::optional<std::string>{};
    return std::optional<std::string>{std::string_view{name->as_string()}};
}

result<std::vector<std::string>> names_of_others(net::http_client& client, target_index const& index) {
    auto tried = make_template(index, field_names::own);
    tried["priority"] = highest_priority;
    auto const path = fmt::format("/_index_template/_simulate_index/{}", encode_path_part(index.example()));
    auto const response = request(client, "POST", path, json::serialize(tried));
    if (!response) {
        auto const stream = template_of_data_stream(client, index.example());
        if (stream && *stream) return std::vector<std::string>{**stream};
        return response.error();
    }
    std::vector<std::string> names;
    auto const* overlapping = member(*response, "/overlapping");
    if (overlapping == nullptr || !overlapping->is_array()) return names;
    for (auto const& each : overlapping->as_array()) {
        auto const* name = member(each, "/name");
        if (name == nullptr || !name->is_string()) continue;
        std::string_view const text = name->as_string();
        if (text != template_name(index.pattern) && !text.starts_with(tried_name)) names.emplace_back(text);
    }
    return names;
}

result<one_template> describe(net::http_client& client, std::string name) {
    one_template found{.name = std::move(name), .mappings = {}};
    auto const part = encode_path_part(found.name);
    auto const response = request(client, "GET", "/_index_template/" + part);
    if (response) {
        found.rank = number_at(*response, "/index_templates/0/index_template/priority");
        found.data_stream = member(*response, "/index_templates/0/index_template/data_stream") != nullptr;
        return found;
    }
    if (response.error().code != errc::not_found) return response.error();
    auto const legacy = request(client, "GET", "/_template/" + part);
    if (!legacy) return legacy.error();
    json::value const of = legacy->as_object().begin()->value();
    found.legacy = true;
    found.rank = number_at(of, "/order");
    found.mappings = object_at(of, "/mappings");
    return found;
}

std::string text_of(one_template const& each) {
    if (each.legacy) return fmt::format("legacy template {} (order {})", each.name, each.rank);
    return fmt::format("index template {} (priority {}{})", each.name, each.rank,
                       each.data_stream ? ", of a data stream" : "");
}

void merge(json::object const& from, json::object& into) {
    for (auto const& [name, value] : from) {
        auto* const there = into.if_contains(name);
        if (there != nullptr && there->is_object() && value.is_object())
            merge(value.as_object(), there->as_object());
        else
            into.insert_or_assign(name, value);
    }
}

/// Of several index templates the one with the highest priority counts, and then no legacy one does; of legacy ones
/// all, in their order.
result<json::object> mappings_of(net::http_client& client, std::vector<one_template>& all) {
    std::ranges::stable_sort(all, {}, &one_template::rank);
    json::object merged;
    one_template const* winner = nullptr;
    for (auto const& each : all) {
        if (each.legacy)
            merge(each.mappings, merged);
        else
            winner = &each;
    }
    if (winner == nullptr) return merged;
    auto const resolved = request(client, "POST", "/_index_template/_simulate/" + encode_path_part(winner->name));
    if (!resolved) return resolved.error();
    return object_at(*resolved, "/template/mappings");
}

}  // namespace

result<other_templates> find_other_templates(net::http_client& client, target_index const& index) {
    auto const names = names_of_others(client, index);
    if (!names) return names.error();
    std::vector<one_template> all;
    for (auto const& name : *names) {
        auto each = describe(client, name);
        if (!each) return each.error();
        all.push_back(*std::move(each));
    }
    auto mappings = mappings_of(client, all);
    if (!mappings) return mappings.error();
    other_templates found{.names = {}, .mappings = *std::move(mappings)};
    for (auto const& each : all) found.names.push_back(text_of(each));
    return found;
}

}  // namespace logpipe::opensearch
