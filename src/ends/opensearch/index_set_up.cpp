#include "index_set_up.hpp"

#include "index_template.hpp"
#include "live_target.hpp"
#include "other_templates.hpp"
#include "template_diff.hpp"

#include "core/log.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include <optional>
#include <utility>

namespace logpipe::opensearch {

namespace json = boost::json;

namespace {

/// Of a pattern without others that begin like them; oldest first.
result<std::vector<live_index>> find_own_indices(net::http_client& client, target_index const& index) {
    auto live = find_live_indices(client, index.expression());
    if (!live || !index.pattern.has_period()) return live;
    std::erase_if(*live, [&](live_index const& each) { return !index.pattern.period_of_index(each.name); });
    std::ranges::sort(*live, {},
                      [&](live_index const& each) { return index.pattern.period_of_index(each.name)->begin; });
    return live;
}

/// The template of ours that is there, `index_template` of the response; none where there is none.
result<std::optional<json::object>> find_live_template(net::http_client& client, target_index const& index) {
    auto const path = fmt::format("/_index_template/{}", encode_path_part(template_name(index.pattern)));
    auto const body = fetch_body(client, {.method = "GET", .path = path, .body = {}});
    if (!body && body.error().code == errc::not_found) return std::optional<json::object>{};
    if (!body) return body.error();
    auto const parsed = parse_object(path, *body);
    if (!parsed) return parsed.error();
    json::value const response = *parsed;
    boost::system::error_code missing;
    auto const* found = response.find_pointer("/index_templates/0/index_template", missing);
    if (found == nullptr || !found->is_object())
        return error{errc::protocol, fmt::format("{}: the response has no template", path)};
    return std::optional{found->as_object()};
}

std::int64_t version_of(json::object const& live) {
    auto const* version = live.if_contains("version");
    return version != nullptr && version->is_int64() ? version->as_int64() : 0;
}

result<> put_template(net::http_client& client, target_index const& index, json::object const& made) {
    auto const path = fmt::format("/_index_template/{}", encode_path_part(template_name(index.pattern)));
    auto const body = json::serialize(made);
    auto const put = fetch_body(client, {.method = "PUT", .path = path, .body = body});
    if (!put) return put.error();
    return {};
}

json::object const& mappings_of(json::object const& made) {
    return made.at("template").at("mappings").as_object();
}

json::object object_at(json::object const& from, std::string_view key) {
    auto const* value = from.if_contains(key);
    return value != nullptr && value->is_object() ? value->as_object() : json::object{};
}

/// The template that is put, or none where the one that is there does. One of a newer program does, and so does what
/// somebody has set up beside the mapping, unless other settings are asked for.
std::optional<json::object> template_to_put(target_index const& index, json::object const& live) {
    if (version_of(live) > template_version) return std::nullopt;
    auto made = make_template(index, field_names::own);
    auto const there = object_at(live, "template");
    bool const as_it_is = index.settings == index_settings{.age_max = index.settings.age_max};
    auto const settings_differ = !as_it_is && !difference_of_settings(live, made).empty();
    auto const mapping = compare_mapping(mappings_of(made), object_at(there, "mappings"));
    bool const is_mapped = version_of(live) == template_version && mapping.missing.empty() && mapping.conflicts.empty();
    if (is_mapped && !settings_differ) return std::nullopt;
    if (as_it_is)
        for (auto const* key : {"settings", "aliases"})
            if (auto const* value = there.if_contains(key)) made["template"].as_object()[key] = *value;
    return made;
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
std::string words_about_ours(target_index const& index, bool is_there) {
    if (!is_there) return {};
    return fmt::format(
        "; index template {} is there from before and counts where its priority is the higher one: "
        "delete it",
        template_name(index.pattern));
}

/// The first document makes the index by the template.
result<> put_template_before_index(net::http_client& client, target_index const& index) {
    auto const there = find_live_template(client, index);
    if (!there) return there.error();
    auto const others = find_other_templates(client, index);
    if (!others) return others.error();
    auto const made = make_template(index, field_names::own);
    if (!others->names.empty()) {
        auto const lacks = lacks_of(*others, mappings_of(made));
        log_warn(
            "opensearch_sink: index {} has a template that is not logpipe's, which is left to decide: {}; {}; `logpipe "
            "setup opensearch --dry-run` prints the mapping to add to it{}",
            index.pattern.text(), fmt::join(others->names, ", "),
            lacks.empty() ? std::string{"it maps all fields"} : fmt::format("{}", fmt::join(lacks, "; ")),
            words_about_ours(index, there->has_value()));
        return {};
    }
    auto const wanted = *there ? template_to_put(index, **there) : std::optional{made};
    if (!wanted) return {};
    if (auto put = put_template(client, index, *wanted); !put) return put;
    log_info("opensearch_sink: put index template {}, version {}", template_name(index.pattern), template_version);
    return {};
}

struct followed {
    std::vector<std::string> lines;
    bool changed = false;  // or would be
};

/// Brings the mappings of the indices that are there up to the template's. @return what was done, a line each
result<followed> follow_template(net::http_client& client, target_index const& index, json::object const& wanted,
                                 bool dry_run) {
    followed report;
    auto const live = find_own_indices(client, index);
    if (!live) return live.error();
    if (live->empty())
        report.lines.push_back(
            fmt::format("index {}: not there yet; its first document makes it", index.pattern.text()));
    for (auto const& [concrete, mappings] : *live) {
        auto const difference = compare_mapping(wanted, mappings);
        for (auto const& line : difference.conflicts)
            report.lines.push_back(fmt::format("index {}: {}; only a new index can change that", concrete, line));
        if (difference.missing.empty()) {
            if (difference.conflicts.empty())
                report.lines.push_back(fmt::format("index {}: as the template", concrete));
            continue;
        }
        report.changed = true;
        if (!dry_run) {
            auto const path = fmt::format("/{}/_mapping", encode_path_part(concrete));
            auto const body = json::serialize(difference.missing);
            auto const put = fetch_body(client, {.method = "PUT", .path = path, .body = body});
            if (!put) return put.error();
        }
        auto added = difference.fields;
        added.insert(added.end(), difference.aliases.begin(), difference.aliases.end());
        report.lines.push_back(
            fmt::format("index {}: {} {}", concrete, dry_run ? "would map" : "mapped", fmt::join(added, ", ")));
    }
    return report;
}

/// Only the index that documents go to counts, where it is known; of dated ones the newest.
result<std::vector<std::string>> find_conflicts(net::http_client& client, target_index const& index,
                                                std::vector<live_index> const& live) {
    std::string only;
    if (index.pattern.is_one_index()) {
        auto const target = find_live_target(client, index.pattern.text(), live);
        if (!target) return target.error();
        only = target->write_index;
    } else if (index.pattern.has_period() && !index.pattern.has_tag()) {
        only = live.back().name;
    }
    auto const made = make_template(index, field_names::own);
    std::vector<std::string> lines;
    for (auto const& [name, mappings] : live)
        if (only.empty() || name == only)
            std::ranges::move(conflicts_of(compare_mapping(mappings_of(made), mappings), name),
                              std::back_inserter(lines));
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

namespace {

/// An alias cannot have the name of an index: no index could be made by the template.
result<std::optional<std::string>> taken_alias(net::http_client& client, target_index const& index) {
    auto const alias = index.alias();
    if (alias.empty()) return std::optional<std::string>{};
    auto const live = find_live_indices(client, alias);
    if (!live) return live.error();
    for (auto const& each : *live)
        if (each.name == alias)
            return std::optional{fmt::format(
                "alias {}: not put, an index has that name; readers find all indices by {}, or by a name given with "
                "--index-alias",
                alias, index.expression())};
    return std::optional<std::string>{};
}

/// An id is unique within one index only.
result<> check_rollover(net::http_client& client, target_index const& index, std::vector<live_index> const& live,
                        bool require_rolling) {
    auto const target = find_live_target(client, index.pattern.text(), live);
    if (!target) return target.error();
    if (target->kind == target_kind::index) return {};
    auto const what = fmt::format(
        "{} is {}; an event that comes again after a rollover is stored twice, which an index with a date, such as "
        "{}-%Y.%m.%d, rules out",
        index.pattern.text(), target->kind == target_kind::alias ? "an alias" : "a data stream", index.pattern.text());
    if (require_rolling) return error{errc::invalid_argument, what};
    log_warn("opensearch_sink: {}", what);
    return {};
}

result<> note_conflicts(net::http_client& client, target_index const& index, std::vector<live_index> const& live) {
    auto const lines = find_conflicts(client, index, live);
    if (!lines) return lines.error();
    for (auto const& line : *lines) log_warn("opensearch_sink: {}", line);
    return {};
}

result<> put_template_without_taken_alias(net::http_client& client, target_index index) {
    auto const taken = taken_alias(client, index);
    if (!taken) return taken.error();
    if (*taken) {
        log_warn("opensearch_sink: {}", **taken);
        index.settings.alias = "none";
    }
    return put_template_before_index(client, index);
}

}  // namespace

result<> prepare_index(net::http_client& client, target_index const& index, bool require_rolling) {
    auto const live = find_own_indices(client, index);
    result<> prepared;
    if (!live) {
        prepared = live.error();
    } else {
        // A new one is made tomorrow, whatever is there.
        if (live->empty() || !index.pattern.is_one_index()) prepared = put_template_without_taken_alias(client, index);
        if (prepared && !live->empty() && index.pattern.is_one_index())
            prepared = check_rollover(client, index, *live, require_rolling);
        if (prepared && !live->empty()) prepared = note_conflicts(client, index, *live);
    }
    if (prepared || !(is_about_rights(prepared.error()) || prepared.error().code == errc::rejected)) return prepared;
    log_warn("opensearch_sink: the index's mapping is not checked: {}", prepared.error().message);
    return {};
}

result<std::vector<std::string>> find_mapping_conflicts(net::http_client& client, target_index const& index) {
    auto const live = find_own_indices(client, index);
    if (!live) return live.error();
    if (live->empty()) return std::vector<std::string>{};
    return find_conflicts(client, index, *live);
}

result<index_set_up> set_up_index(net::http_client& client, target_index index, index_set_up_options const& options) {
    auto const taken = taken_alias(client, index);
    if (!taken) return taken.error();
    if (*taken) index.settings.alias = "none";
    auto const there = find_live_template(client, index);
    if (!there) return there.error();
    auto const others = find_other_templates(client, index);
    if (!others) return others.error();
    auto const made = make_template(index, options.ecs_names ? field_names::own_and_ecs : field_names::own);
    auto const& wanted = mappings_of(made);
    auto const name = template_name(index.pattern);
    if (!others->names.empty()) {
        index_set_up report{.lines = {}, .left_to_others = true};
        report.lines.push_back(fmt::format(
            "index template {}: not put, index {} has a template that is not logpipe's: {}{}", name,
            index.pattern.text(), fmt::join(others->names, ", "), words_about_ours(index, there->has_value())));
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
    if (*taken) lines.push_back(**taken);
    if (*there && version_of(**there) > template_version) {
        lines.push_back(
            fmt::format("index template {}: version {} is there, newer than this program's {}: left as it is", name,
                        version_of(**there), template_version));
        return report;
    }
    if (options.diff) {
        auto const differences = difference_of_templates(*there ? **there : json::object{}, made);
        for (auto const& line : differences) lines.push_back(fmt::format("index template {}: {}", name, line));
        report.would_change = !differences.empty();
        auto followed = follow_template(client, index, wanted, true);
        if (!followed) return followed.error();
        report.would_change = report.would_change || followed->changed;
        std::ranges::move(followed->lines, std::back_inserter(lines));
        return report;
    }
    lines.push_back(fmt::format("index template {}: {} version {}{}", name, options.dry_run ? "would put" : "put",
                                template_version,
                                *there ? fmt::format(" in place of version {}", version_of(**there)) : std::string{}));
    if (options.dry_run)
        lines.push_back(json::serialize(made));
    else if (auto put = put_template(client, index, made); !put)
        return put.error();
    auto followed = follow_template(client, index, wanted, options.dry_run);
    if (!followed) return followed.error();
    std::ranges::move(followed->lines, std::back_inserter(lines));
    return report;
}

}  // namespace logpipe::opensearch
