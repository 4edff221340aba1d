#include "index_set_up.hpp"

#include "index_template.hpp"
#include "other_templates.hpp"

#include "core/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <optional>
#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

result<json::object> parse_object(std::string_view what, std::string_view body) {
    boost::system::error_code failed;
    auto parsed = json::parse(body, failed);
    if (!failed && parsed.is_object()) return std::move(parsed.as_object());
    return error{errc::protocol, fmt::format("{}: the response is not a JSON object", what)};
}

/// The mappings of each index that `index` names: one, or those behind an alias; none where it does not exist.
result<std::vector<std::pair<std::string, json::object>>> live_mappings(net::http_client& client,
                                                                        std::string const& index) {
    std::vector<std::pair<std::string, json::object>> found;
    auto const path = fmt::format("/{}/_mapping", encode_path_part(index));
    auto const body = fetch_body(client, {.method = "GET", .path = path, .body = {}});
    if (!body && body.error().code == errc::not_found) return found;
    if (!body) return body.error();
    auto const response = parse_object(path, *body);
    if (!response) return response.error();
    for (auto const& [name, value] : *response) {
        auto const* mappings = value.is_object() ? value.as_object().if_contains("mappings") : nullptr;
        if (mappings == nullptr || !mappings->is_object())
            return error{errc::protocol, fmt::format("{}: the response has no mappings", path)};
        found.emplace_back(name, mappings->as_object());
    }
    return found;
}

/// The template of ours that is there.
struct live_template {
    std::int64_t version = 0;  ///< where it has none
    json::object mappings;
};

/// @return none where no template exists.
result<std::optional<live_template>> find_live_template(net::http_client& client, std::string const& index) {
    auto const path = fmt::format("/_index_template/{}", encode_path_part(template_name(index)));
    auto const body = fetch_body(client, {.method = "GET", .path = path, .body = {}});
    if (!body && body.error().code == errc::not_found) return std::optional<live_template>{};
    if (!body) return body.error();
    auto const parsed = parse_object(path, *body);
    if (!parsed) return parsed.error();
    json::value const response = *parsed;
    boost::system::error_code missing;
    live_template found;
    auto const* version = response.find_pointer("/index_templates/0/index_template/version", missing);
    if (version != nullptr && version->is_int64()) found.version = version->as_int64();
    auto const* mappings = response.find_pointer("/index_templates/0/index_template/template/mappings", missing);
    if (mappings != nullptr && mappings->is_object()) found.mappings = mappings->as_object();
    return std::optional{std::move(found)};
}

result<> put_template(net::http_client& client, std::string const& index, json::object const& made) {
    auto const path = fmt::format("/_index_template/{}", encode_path_part(template_name(index)));
    auto const body = json::serialize(made);
    auto const put = fetch_body(client, {.method = "PUT", .path = path, .body = body});
    if (!put) return put.error();
    return {};
}

json::object wanted_mappings(target_index const& index) {
    return make_template(index, field_names::own).at("template").at("mappings").as_object();
}

/// Another mapping's template of the same version is put again; one of a newer program is left.
bool is_left(live_template const& there, json::object const& wanted) {
    if (there.version != template_version) return there.version > template_version;
    auto const difference = compare_mapping(wanted, there.mappings);
    return difference.missing.empty() && difference.conflicts.empty();
}

std::vector<std::string> conflicts_of(mapping_difference const& difference, std::string const& name) {
    std::vector<std::string> lines;
    for (auto const& line : difference.conflicts)
        lines.push_back(fmt::format("index {}: {}; only a new index can change that", name, line));
    if (!difference.fields.empty())
        lines.push_back(fmt::format("index {}: not mapped: {}", name, fmt::join(difference.fields, ", ")));
    return lines;
}

/// What the index lacks by the templates of others, and has as another type; a line each.
std::vector<std::string> lacks_of(other_templates const& others, json::object const& wanted) {
    auto const difference = compare_mapping(wanted, others.mappings);
    auto lines = difference.conflicts;
    if (!difference.fields.empty()) lines.push_back(fmt::format("not mapped: {}", fmt::join(difference.fields, ", ")));
    return lines;
}

/// Ours may be there from before theirs was.
std::string words_about_ours(std::string const& index, bool is_there) {
    if (!is_there) return {};
    return fmt::format(
        "; index template {} is there from before and counts where its priority is the higher one: "
        "delete it",
        template_name(index));
}

/// The first document makes the index by the template.
result<> put_template_before_index(net::http_client& client, target_index const& index) {
    auto const there = find_live_template(client, index.name);
    if (!there) return there.error();
    auto const others = find_other_templates(client, index);
    if (!others) return others.error();
    auto const wanted = wanted_mappings(index);
    if (!others->names.empty()) {
        auto const lacks = lacks_of(*others, wanted);
        log_warn(
            "opensearch_sink: index {} has a template that is not logpipe's, which is left to decide: {}; {}; `logpipe "
            "setup opensearch --dry-run` prints the mapping to add to it{}",
            index.name, fmt::join(others->names, ", "),
            lacks.empty() ? std::string{"it maps all fields"} : fmt::format("{}", fmt::join(lacks, "; ")),
            words_about_ours(index.name, there->has_value()));
        return {};
    }
    if (*there && is_left(**there, wanted)) return {};
    if (auto put = put_template(client, index.name, make_template(index, field_names::own)); !put) return put;
    log_info("opensearch_sink: put index template {}, version {}", template_name(index.name), template_version);
    return {};
}

/// Brings the mappings of the indices that are there up to the template's. @return what was done, a line each
result<std::vector<std::string>> follow_template(net::http_client& client, std::string const& index,
                                                 json::object const& wanted, bool dry_run) {
    std::vector<std::string> lines;
    auto const live = live_mappings(client, index);
    if (!live) return live.error();
    if (live->empty()) lines.push_back(fmt::format("index {}: not there yet; its first document makes it", index));
    for (auto const& [concrete, mappings] : *live) {
        auto const difference = compare_mapping(wanted, mappings);
        for (auto const& line : difference.conflicts)
            lines.push_back(fmt::format("index {}: {}; only a new index can change that", concrete, line));
        if (difference.missing.empty()) {
            if (difference.conflicts.empty()) lines.push_back(fmt::format("index {}: as the template", concrete));
            continue;
        }
        if (!dry_run) {
            auto const path = fmt::format("/{}/_mapping", encode_path_part(concrete));
            auto const body = json::serialize(difference.missing);
            auto const put = fetch_body(client, {.method = "PUT", .path = path, .body = body});
            if (!put) return put.error();
        }
        auto added = difference.fields;
        added.insert(added.end(), difference.aliases.begin(), difference.aliases.end());
        lines.push_back(
            fmt::format("index {}: {} {}", concrete, dry_run ? "would map" : "mapped", fmt::join(added, ", ")));
    }
    return lines;
}

bool is_about_rights(error const& what) {
    // A 401 is about who we are, and stays.
    return what.code == errc::unauthorized && what.message.contains("HTTP 403");
}

}  // namespace

result<> check_server(net::http_client& client) {
    auto const response = fetch_body(client, {.method = "GET", .path = "/", .body = {}});
    if (!response && !is_about_rights(response.error())) return response.error();
    return {};
}

result<> prepare_index(net::http_client& client, target_index const& index) {
    auto const live = live_mappings(client, index.name);
    result<> prepared;
    if (!live) {
        prepared = live.error();
    } else if (live->empty()) {
        prepared = put_template_before_index(client, index);
    } else {
        auto const wanted = wanted_mappings(index);
        for (auto const& [name, mappings] : *live)
            for (auto const& line : conflicts_of(compare_mapping(wanted, mappings), name))
                log_warn("opensearch_sink: {}", line);
    }
    if (prepared || !(is_about_rights(prepared.error()) || prepared.error().code == errc::rejected)) return prepared;
    log_warn("opensearch_sink: the index's mapping is not checked: {}", prepared.error().message);
    return {};
}

result<std::vector<std::string>> find_mapping_conflicts(net::http_client& client, target_index const& index) {
    auto const live = live_mappings(client, index.name);
    if (!live) return live.error();
    auto const wanted = wanted_mappings(index);
    std::vector<std::string> lines;
    for (auto const& [name, mappings] : *live)
        std::ranges::move(conflicts_of(compare_mapping(wanted, mappings), name), std::back_inserter(lines));
    return lines;
}

result<index_set_up> set_up_index(net::http_client& client, target_index const& index,
                                  index_set_up_options const& options) {
    auto const there = find_live_template(client, index.name);
    if (!there) return there.error();
    auto const others = find_other_templates(client, index);
    if (!others) return others.error();
    auto const made = make_template(index, options.ecs_names ? field_names::own_and_ecs : field_names::own);
    auto const& wanted = made.at("template").at("mappings").as_object();
    auto const name = template_name(index.name);
    if (!others->names.empty()) {
        index_set_up report{.lines = {}, .left_to_others = true};
        report.lines.push_back(
            fmt::format("index template {}: not put, index {} has a template that is not logpipe's: {}{}", name,
                        index.name, fmt::join(others->names, ", "), words_about_ours(index.name, there->has_value())));
        for (auto const& line : lacks_of(*others, wanted)) report.lines.push_back("by it: " + line);
        report.lines.push_back(
            options.dry_run ? "add these mappings to that template, or take the index out of its patterns:"
                            : "add the fields to that template (--dry-run prints the mappings), or take the index out "
                              "of its patterns");
        if (options.dry_run) report.lines.push_back(json::serialize(wanted));
        return report;
    }
    index_set_up report;
    auto& lines = report.lines;
    if (*there && (*there)->version > template_version) {
        lines.push_back(
            fmt::format("index template {}: version {} is there, newer than this program's {}: left as it is", name,
                        (*there)->version, template_version));
        return report;
    }
    lines.push_back(fmt::format("index template {}: {} version {}{}", name, options.dry_run ? "would put" : "put",
                                template_version,
                                *there ? fmt::format(" in place of version {}", (*there)->version) : std::string{}));
    if (options.dry_run)
        lines.push_back(json::serialize(made));
    else if (auto put = put_template(client, index.name, made); !put)
        return put.error();
    auto followed = follow_template(client, index.name, wanted, options.dry_run);
    if (!followed) return followed.error();
    std::ranges::move(*followed, std::back_inserter(lines));
    return report;
}

}  // namespace logpipe::opensearch
