#include "view_query.hpp"

#include "rollups.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

namespace logpipe::store {

namespace {

/// None for a text that is not a number: no document has it.
std::optional<std::int64_t> number_of(std::string_view value) {
    std::int64_t number = 0;
    auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (failed != std::errc{} || end != value.data() + value.size()) return std::nullopt;
    return number;
}

/// "404", or of a status "4xx" as 400 to 499.
std::pair<std::int64_t, std::int64_t> numbers_of(std::string_view value, bool is_status) {
    if (is_status && value.size() == 3 && value.ends_with("xx") && value[0] >= '1' && value[0] <= '5') {
        std::int64_t const first = (value[0] - '0') * 100;
        return {first, first + 99};
    }
    auto const number = number_of(value);
    if (!number) return {1, 0};  // which no document has
    return {*number, *number};
}

}  // namespace

view_query::view_query(log_view const& view, row_range rows, text_search const& search, store_layout const& layout)
    : layout_{layout} {
    // In this order: the search uses these parameters for the rows as well.
    auto const first = add(rows.first);
    auto const last = add(rows.last);
    rows_ = fmt::format("BETWEEN {} AND {}", first, last);
    where_ = fmt::format("row {}", rows_);
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) >= {}", add(view.from_minute * 60'000));
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) < {}", add(view.to_minute * 60'000));
    for (auto const& [facet, value] : view.filters) add_filter(facet, value);
    add_search(search);
}

std::string view_query::add(std::variant<std::int64_t, std::string> value) {
    values_.push_back(std::move(value));
    return fmt::format("?{}", values_.size());
}

void view_query::add_filter(std::size_t facet, std::string const& value) {
    auto const name = store_layout::quoted(layout_.facet(facet).name);
    if (!layout_.facet(facet).is_number) {
        where_ += fmt::format(" AND {} = {}", name, add(value));
    } else if (layout_.is_status(facet) && value == no_status) {
        where_ += fmt::format(" AND {} IS NULL", name);
    } else {
        auto const [first, last] = numbers_of(value, layout_.is_status(facet));
        where_ += fmt::format(" AND {} BETWEEN {} AND {}", name, add(first), add(last));
    }
}

void view_query::add_search(text_search const& search) {
    if (search.finds_nothing || (!layout_.has_texts() && !search.patterns.empty())) where_ += " AND 0";
    if (!layout_.has_texts()) return;
    for (auto const& pattern : search.patterns) {
        auto const parameter = add(pattern);
        std::string any;
        for (auto const column : layout_.searched())
            any += fmt::format(R"({}{} LIKE {} ESCAPE '\')", any.empty() ? "" : " OR ",
                               store_layout::quoted(layout_.columns()[column].name), parameter);
        where_ += fmt::format(" AND ({})", any);
    }
    if (!search.match.empty())
        where_ +=
            fmt::format(" AND row IN (SELECT rowid FROM documents_text WHERE documents_text MATCH {} AND rowid {})",
                        add(search.match), rows_);
}

result<statement> view_query::prepare(database& store, std::string_view what) const& {
    auto selected = store.prepare(fmt::format("SELECT {} FROM documents WHERE {} ORDER BY row", what, where_));
    if (!selected) return selected;
    for (std::size_t i = 0; i < values_.size(); ++i) {
        auto const index = static_cast<int>(i + 1);
        if (auto const* number = std::get_if<std::int64_t>(&values_[i]))
            selected->bind(index, *number);
        else
            selected->bind(index, std::string_view{std::get<std::string>(values_[i])});
    }
    return selected;
}

}  // namespace logpipe::store
