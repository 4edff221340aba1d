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

std::optional<log_field> field_named(std::string_view name) {
    auto const found = std::ranges::find(log_field_names, name);
    if (found == log_field_names.end()) return std::nullopt;
    return static_cast<log_field>(found - log_field_names.begin());
}

result<> add_to_view(log_view& view, std::string const& name, std::string const& value) {
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
    auto const field = field_named(name);
    if (!field)
        return error{errc::invalid_argument,
                     fmt::format("There is no \"{}\"; there are from, to, q, before, limit, {}.", name,
                                 fmt::join(log_field_names, ", "))};
    if (view.filters.size() == filters_max)
        return error{errc::invalid_argument, fmt::format("There may be {} filters.", filters_max)};
    view.filters.emplace_back(*field, value);
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

void write_values(json_object&& to, log_values const& field) {
    to.add("distinct", field.distinct);
    to.add("others", field.others.documents);
    to.add("missed", field.missed);
    to.array("top", field.top, [](json_object&& one, auto const& each) {
        one.add("value", each.value);
        one.add("documents", each.counts.documents);
        one.add("missed", each.missed);
        one.add("bytes", each.counts.bytes);
    });
}

}  // namespace

result<log_view> log_view_of(query_pairs const& query) {
    log_view view{.from_minute = 0, .to_minute = time_max_ms / minute_ms, .filters = {}, .search = {}};
    for (auto const& [name, value] : query)
        if (auto added = add_to_view(view, name, value); !added) return added.error();
    if (view.from_minute > view.to_minute) return error{errc::invalid_argument, "from must not be behind to."};
    return view;
}

web_answer log_overview_answer(log_dashboard& store, query_pairs const& query) {
    auto const view = log_view_of(query);
    if (!view) return error_answer(view.error());
    auto const all = store.overview(*view);
    if (!all) return error_answer(all.error());
    return json_answer(json_line([&](json_object& whole) {
        whole.add("from", all->view.from_minute * minute_ms);
        whole.add("to", all->view.to_minute * minute_ms);
        whole.add("bar_ms", all->bar_minutes * minute_ms);
        whole.add("documents", all->total.documents);
        whole.add("bytes", all->total.bytes);
        whole.add("looked_at", all->looked_at);
        whole.add("in_range", all->in_range);
        whole.add("goes_on", all->goes_on);
        write_bars(whole.array("bars"), *all);
        auto fields = whole.object("fields");
        for (std::size_t i = 0; i < log_field_count; ++i)
            write_values(fields.object(log_field_names.at(i)), all->fields.at(i));
    }));
}

web_answer log_lines_answer(log_dashboard& store, query_pairs const& query) {
    auto const view = log_view_of(query);
    if (!view) return error_answer(view.error());
    auto const before = number_of(query, "before", 0, std::numeric_limits<std::int64_t>::max());
    if (!before) return error_answer(before.error());
    auto const limit = number_of(query, "limit", lines_usual, lines_max);
    if (!limit) return error_answer(limit.error());
    auto const found = store.lines(*view, *before, static_cast<std::size_t>(std::max<std::int64_t>(1, *limit)));
    if (!found) return error_answer(found.error());
    return json_answer(json_line([&](json_object& whole) {
        whole.add("before", found->before);
        whole.array("lines", found->lines, [](json_object&& one, auto const& line) {
            one.add("row", line.row);
            one.add("document", line.document);  // as a text: the page shows the document to the byte
        });
    }));
}

}  // namespace logpipe::web
