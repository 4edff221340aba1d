#include "log_api.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace logpipe::web {

namespace {

constexpr std::size_t filters_max = 16;
constexpr std::size_t search_bytes_max = 256;
constexpr std::int64_t lines_max = 500;
constexpr std::int64_t lines_usual = 50;
constexpr std::int64_t minute_ms = 60'000;
constexpr std::int64_t time_max_ms = std::int64_t{1} << 52U;  // as far as the page's own numbers are exact

/// @return the facet's index.
std::optional<std::size_t> facet_named(schema const& documents, std::string_view name) {
    for (std::size_t i = 0; i < documents.facets.size(); ++i)
        if (documents.fields[documents.facets[i]].name == name) return i;
    return std::nullopt;
}

std::string names_of(schema const& documents, std::vector<std::size_t> const& fields) {
    std::string names;
    for (auto const field : fields)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", documents.fields[field].name);
    return names;
}

result<> add_to_view(schema const& documents, log_view& view, std::string const& name, std::string const& value) {
    if (name == "from" || name == "to") {
        auto const time = parse_number(name, value, 0, time_max_ms);
        if (!time) return time.error();
        // Whole minutes, none of them cut.
        if (name == "from")
            view.from_minute = *time / minute_ms;
        else
            view.to_minute = (*time + minute_ms - 1) / minute_ms;
        return {};
    }
    if (name == "q") {
        if (value.size() > search_bytes_max)
            return error{errc::invalid_argument, fmt::format("q must not have more than {} bytes.", search_bytes_max)};
        view.search = value;
        return {};
    }
    if (name == "before" || name == "limit") return {};
    auto const facet = facet_named(documents, name);
    if (!facet)
        return error{errc::invalid_argument,
                     fmt::format("Unknown parameter \"{}\": expected from, to, q, before, limit or one of {}.", name,
                                 names_of(documents, documents.facets))};
    if (view.filters.size() == filters_max)
        return error{errc::invalid_argument, fmt::format("There may be {} filters.", filters_max)};
    view.filters.emplace_back(*facet, value);
    return {};
}

result<std::int64_t> number_of(query_pairs const& query, std::string_view name, std::int64_t fallback,
                               std::int64_t most) {
    auto const found = std::ranges::find(query, name, &query_pairs::value_type::first);
    if (found == query.end()) return fallback;
    return parse_number(name, found->second, 0, most);
}

void write_bars(json_array&& to, log_overview const& all) {
    for (auto const& bar : all.bars) {
        auto one = to.array();
        one.add(bar.start_minute * minute_ms);
        for (auto const count : bar.classes) one.add(count);
        one.add(bar.bytes);
    }
}

void write_values(json_object&& to, log_values const& facet) {
    to.add("distinct", facet.distinct);
    to.add("others", facet.others.documents);
    to.add("missed", facet.missed);
    to.array("top", facet.top, [](json_object&& one, auto const& each) {
        one.add("value", each.value);
        one.add("documents", each.counts.documents);
        one.add("missed", each.missed);
        one.add("bytes", each.counts.bytes);
    });
}

}  // namespace

result<log_view> log_view_of(schema const& documents, query_pairs const& query) {
    log_view view{.from_minute = 0, .to_minute = time_max_ms / minute_ms, .filters = {}, .search = {}};
    for (auto const& [name, value] : query)
        if (auto added = add_to_view(documents, view, name, value); !added) return added.error();
    if (view.from_minute > view.to_minute) return error{errc::invalid_argument, "from must not be after to."};
    return view;
}

web_response log_overview_response(log_dashboard& store, schema const& documents, query_pairs const& query) {
    auto const view = log_view_of(documents, query);
    if (!view) return error_response(view.error());
    auto const all = store.overview(*view);
    if (!all) return error_response(all.error());
    return json_response(json_line([&](json_object& whole) {
        whole.add("from", all->view.from_minute * minute_ms);
        whole.add("to", all->view.to_minute * minute_ms);
        whole.add("bar_ms", all->bar_minutes * minute_ms);
        whole.add("documents", all->total.documents);
        whole.add("bytes", all->total.bytes);
        whole.add("counted", all->counted);
        whole.add("in_range", all->in_range);
        whole.add("incomplete", all->incomplete);
        write_bars(whole.array("bars"), *all);
        auto fields = whole.object("fields");
        for (std::size_t i = 0; i < documents.facets.size(); ++i)
            write_values(fields.object(documents.fields[documents.facets[i]].name), all->facets.at(i));
    }));
}

web_response log_lines_response(log_dashboard& store, schema const& documents, query_pairs const& query) {
    auto const view = log_view_of(documents, query);
    if (!view) return error_response(view.error());
    auto const before = number_of(query, "before", 0, std::numeric_limits<std::int64_t>::max());
    if (!before) return error_response(before.error());
    auto const limit = number_of(query, "limit", lines_usual, lines_max);
    if (!limit) return error_response(limit.error());
    auto const found = store.lines(*view, *before, static_cast<std::size_t>(std::max<std::int64_t>(1, *limit)));
    if (!found) return error_response(found.error());
    return json_response(json_line([&](json_object& whole) {
        whole.add("before", found->before);
        whole.array("lines", found->lines, [](json_object&& one, auto const& line) {
            one.add("row", line.row);
            one.add("document", line.document);  // as a text: the page shows the document to the byte
        });
    }));
}

namespace {

void write_field(json_object&& to, schema_field const& field) {
    to.add("name", field.name);
    to.add("title", field.title);
    to.add("path", field.path);
    to.add("number", field.type == field_type::integer || field.type == field_type::long_integer);
}

void write_fields(json_array&& to, schema const& documents, std::vector<std::size_t> const& fields) {
    for (auto const field : fields) write_field(to.object(), documents.fields[field]);
}

/// null: there is none.
void write_role(json_object& to, std::string_view role, schema const& documents, std::optional<std::size_t> field) {
    if (field)
        write_field(to.object(role), documents.fields[*field]);
    else
        to.add(role, nullptr);
}

}  // namespace

void write_documents(json_object&& to, schema const& documents) {
    to.add("title", documents.title);
    write_fields(to.array("top"), documents, documents.tops);
    write_fields(to.array("lines"), documents, documents.listed);
    write_fields(to.array("search"), documents, documents.searched);
    write_role(to, "time", documents, documents.time);
    write_role(to, "status", documents, documents.status);
    write_role(to, "size", documents, documents.size);
    write_role(to, "unique", documents, documents.unique);
}

}  // namespace logpipe::web
