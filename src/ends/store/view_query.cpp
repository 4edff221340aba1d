#include "view_query.hpp"

#include "rollups.hpp"

#include <fmt/format.h>

#include <charconv>

namespace logpipe::store {

namespace {

constexpr std::array<std::string_view, log_field_count> columns{"response", "remote_ip", "request",
                                                                "referrer", "agent",     "region"};

/// "404", or "4xx" as 400 to 499.
std::pair<std::int64_t, std::int64_t> statuses_of(std::string_view value) {
    if (value.size() == 3 && value.ends_with("xx") && value[0] >= '1' && value[0] <= '5') {
        std::int64_t const first = (value[0] - '0') * 100;
        return {first, first + 99};
    }
    std::int64_t status = 0;
    auto const [end, failed] = std::from_chars(value.data(), value.data() + value.size(), status);
    if (failed != std::errc{} || end != value.data() + value.size()) return {1, 0};  // which no document has
    return {status, status};
}

}  // namespace

view_query::view_query(log_view const& view, row_range rows, text_search const& search) {
    // One after the other: the search names the rows by these places as well.
    auto const first = add(rows.first);
    auto const last = add(rows.last);
    rows_ = fmt::format("BETWEEN {} AND {}", first, last);
    where_ = fmt::format("row {}", rows_);
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) >= {}", add(view.from_minute * 60'000));
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) < {}", add(view.to_minute * 60'000));
    for (auto const& [field, value] : view.filters) add_filter(field, value);
    add_search(search);
}

std::string view_query::add(std::variant<std::int64_t, std::string> value) {
    values_.push_back(std::move(value));
    return fmt::format("?{}", values_.size());
}

void view_query::add_filter(log_field field, std::string const& value) {
    if (field != log_field::status) {
        where_ += fmt::format(" AND {} = {}", columns[static_cast<std::size_t>(field)], add(value));
    } else if (value == no_status) {
        where_ += " AND response IS NULL";
    } else {
        auto const [first, last] = statuses_of(value);
        where_ += fmt::format(" AND response BETWEEN {} AND {}", add(first), add(last));
    }
}

void view_query::add_search(text_search const& search) {
    if (search.finds_nothing) where_ += " AND 0";
    for (auto const& pattern : search.patterns)
        where_ += fmt::format(
            R"( AND (request LIKE {0} ESCAPE '\' OR agent LIKE {0} ESCAPE '\' OR referrer LIKE {0} ESCAPE '\'))",
            add(pattern));
    if (!search.match.empty())
        where_ +=
            fmt::format(" AND row IN (SELECT rowid FROM documents_text WHERE documents_text MATCH {} AND rowid {})",
                        add(search.match), rows_);
}

result<statement> view_query::prepare(database& store, std::string_view what) const& {
    auto asked = store.prepare(fmt::format("SELECT {} FROM documents WHERE {} ORDER BY row", what, where_));
    if (!asked) return asked;
    for (std::size_t i = 0; i < values_.size(); ++i) {
        auto const place = static_cast<int>(i + 1);
        if (auto const* number = std::get_if<std::int64_t>(&values_[i]))
            asked->bind(place, *number);
        else
            asked->bind(place, std::string_view{std::get<std::string>(values_[i])});
    }
    return asked;
}

}  // namespace logpipe::store
