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

/// @return the facet's place.
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
                     fmt::format("There is no \"{}\"; there are from, to, q, before, limit, {}.", name,
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

std::string bars_json(log_overview const& all) {
    std::string out;
    for (auto const& bar : all.bars)
        out += fmt::format("{}[{},{},{}]", out.empty() ? "" : ",", bar.start_minute * minute_ms,
                           fmt::join(bar.classes, ","), bar.bytes);
    return out;
}

std::string values_json(log_values const& facet) {
    std::string top;
    for (auto const& each : facet.top)
        top += fmt::format(R"({}{{"value":{},"documents":{},"missed":{},"bytes":{}}})", top.empty() ? "" : ",",
                           json_string(each.value), each.counts.documents, each.missed, each.counts.bytes);
    return fmt::format(R"({{"distinct":{},"others":{},"missed":{},"top":[{}]}})", facet.distinct,
                       facet.others.documents, facet.missed, top);
}

}  // namespace

result<log_view> log_view_of(schema const& documents, query_pairs const& query) {
    log_view view{.from_minute = 0, .to_minute = time_max_ms / minute_ms, .filters = {}, .search = {}};
    for (auto const& [name, value] : query)
        if (auto added = add_to_view(documents, view, name, value); !added) return added.error();
    if (view.from_minute > view.to_minute) return error{errc::invalid_argument, "from must not be behind to."};
    return view;
}

web_answer log_overview_answer(log_dashboard& store, schema const& documents, query_pairs const& query) {
    auto const view = log_view_of(documents, query);
    if (!view) return error_answer(view.error());
    auto const all = store.overview(*view);
    if (!all) return error_answer(all.error());
    std::string fields;
    for (std::size_t i = 0; i < documents.facets.size(); ++i)
        fields += fmt::format("{}{}:{}", i == 0 ? "" : ",", json_string(documents.fields[documents.facets[i]].name),
                              values_json(all->facets.at(i)));
    return json_answer(fmt::format(
        R"({{"from":{},"to":{},"bar_ms":{},"documents":{},"bytes":{},"looked_at":{},"in_range":{},"goes_on":{},"bars":[{}],"fields":{{{}}}}})"
        "\n",
        all->view.from_minute * minute_ms, all->view.to_minute * minute_ms, all->bar_minutes * minute_ms,
        all->total.documents, all->total.bytes, all->looked_at, all->in_range, all->goes_on, bars_json(*all), fields));
}

web_answer log_lines_answer(log_dashboard& store, schema const& documents, query_pairs const& query) {
    auto const view = log_view_of(documents, query);
    if (!view) return error_answer(view.error());
    auto const before = number_of(query, "before", 0, std::numeric_limits<std::int64_t>::max());
    if (!before) return error_answer(before.error());
    auto const limit = number_of(query, "limit", lines_usual, lines_max);
    if (!limit) return error_answer(limit.error());
    auto const found = store.lines(*view, *before, static_cast<std::size_t>(std::max<std::int64_t>(1, *limit)));
    if (!found) return error_answer(found.error());
    std::string lines;
    // As a text, not as a value: what the page shows is the document to the byte.
    for (auto const& line : found->lines)
        lines += fmt::format("{}{{\"row\":{},\"document\":{}}}", lines.empty() ? "" : ",", line.row,
                             json_string(line.document));
    return json_answer(fmt::format("{{\"before\":{},\"lines\":[{}]}}\n", found->before, lines));
}

namespace {

std::string fields_json(schema const& documents, std::vector<std::size_t> const& fields) {
    std::string all;
    for (auto const field : fields) {
        auto const& each = documents.fields[field];
        bool const is_number = each.type == field_type::integer || each.type == field_type::long_integer;
        all += fmt::format(R"({}{{"name":{},"title":{},"path":{},"number":{}}})", all.empty() ? "" : ",",
                           json_string(each.name), json_string(each.title), json_string(each.path), is_number);
    }
    return fmt::format("[{}]", all);
}

/// null: there is none.
std::string field_json(schema const& documents, std::optional<std::size_t> field) {
    if (!field) return "null";
    auto const list = fields_json(documents, {*field});
    return list.substr(1, list.size() - 2);
}

}  // namespace

std::string documents_json(schema const& documents) {
    return fmt::format(R"({{"title":{},"top":{},"lines":{},"search":{},"time":{},"status":{},"size":{},"unique":{}}})",
                       json_string(documents.title), fields_json(documents, documents.tops),
                       fields_json(documents, documents.listed), fields_json(documents, documents.searched),
                       field_json(documents, documents.time), field_json(documents, documents.status),
                       field_json(documents, documents.size), field_json(documents, documents.unique));
}

}  // namespace logpipe::web
