#include "live_target.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

result<json::object> parse_object(std::string_view what, std::string_view body) {
    boost::system::error_code failed;
    auto parsed = json::parse(body, failed);
    if (!failed && parsed.is_object()) return std::move(parsed.as_object());
    return error{errc::protocol, fmt::format("{}: the response is not a JSON object", what)};
}

result<std::vector<live_index>> find_live_indices(net::http_client& client, std::string const& expression) {
    std::vector<live_index> found;
    auto const path = fmt::format("/{}/_mapping", encode_path_part(expression));
    auto const body = fetch_body(client, {.method = "GET", .path = path, .body = {}});
    if (!body && body.error().code == errc::not_found) return found;
    if (!body) return body.error();
    auto const response = parse_object(path, *body);
    if (!response) return response.error();
    for (auto const& [name, value] : *response) {
        auto const* mappings = value.is_object() ? value.as_object().if_contains("mappings") : nullptr;
        if (mappings == nullptr || !mappings->is_object())
            return error{errc::protocol, fmt::format("{}: the response has no mappings", path)};
        found.push_back({name, mappings->as_object()});
    }
    return found;
}

namespace {

/// The newest of its indices is the last.
result<live_target> find_data_stream(net::http_client& client, std::string const& name) {
    auto const body =
        fetch_body(client, {.method = "GET", .path = "/_data_stream/" + encode_path_part(name), .body = {}});
    if (!body) return body.error();
    auto const parsed = parse_object("GET /_data_stream", *body);
    if (!parsed) return parsed.error();
    json::value const response = *parsed;
    boost::system::error_code missing;
    auto const* indices = response.find_pointer("/data_streams/0/indices", missing);
    live_target found{.kind = target_kind::data_stream, .write_index = {}};
    if (indices == nullptr || !indices->is_array() || indices->as_array().empty()) return found;
    auto const* newest = indices->as_array().back().find_pointer("/index_name", missing);
    if (newest != nullptr && newest->is_string()) found.write_index = newest->as_string();
    return found;
}

}  // namespace

result<live_target> find_live_target(net::http_client& client, std::string const& name,
                                     std::vector<live_index> const& indices) {
    if (indices.size() == 1 && indices.front().name == name) return live_target{.write_index = name};
    auto const aliases = fetch_body(client, {.method = "GET", .path = "/_alias/" + encode_path_part(name), .body = {}});
    if (!aliases && aliases.error().code == errc::not_found) return find_data_stream(client, name);
    if (!aliases) return aliases.error();
    auto const response = parse_object("GET /_alias", *aliases);
    if (!response) return response.error();
    live_target found{.kind = target_kind::alias,
                      .write_index = indices.size() == 1 ? indices.front().name : std::string{}};
    for (auto const& [index, value] : *response) {
        auto const* all = value.is_object() ? value.as_object().if_contains("aliases") : nullptr;
        auto const* alias = all != nullptr && all->is_object() ? all->as_object().if_contains(name) : nullptr;
        auto const* writes =
            alias != nullptr && alias->is_object() ? alias->as_object().if_contains("is_write_index") : nullptr;
        if (writes != nullptr && writes->is_bool() && writes->as_bool()) found.write_index = index;
    }
    return found;
}

}  // namespace logpipe::opensearch
