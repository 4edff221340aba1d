#include "view_query.hpp"

#include "rollups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace logpipe {

namespace {

constexpr std::array<std::string_view, log_field_count> columns{"response", "remote_ip", "request",
                                                                "referrer", "agent",     "region"};

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        auto const begin = text.find_first_not_of(" \t\r\n");
        if (begin == std::string_view::npos) return words;
        auto const end = std::min(text.size(), text.find_first_of(" \t\r\n", begin));
        words.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
}

/// `mark` before each character that the language gives a meaning.
std::string with_marks(std::string_view text, std::string_view special, char mark) {
    std::string out;
    for (char const each : text) {
        if (special.contains(each)) out.push_back(mark);
        out.push_back(each);
    }
    return out;
}

/// A word as an FTS5 phrase, which may go on: `"product"*`. Not where its last token is short: very many begin alike,
/// and FTS5 would merge the places of all of them before it gives the first.
std::string phrase_of(std::string_view word) {
    constexpr std::size_t beginning_min = 3;
    auto const is_separator = [](unsigned char each) { return each < 0x80 && std::isalnum(each) == 0; };
    auto const last = std::ranges::find_if(word.rbegin(), word.rend(), is_separator);
    bool const may_go_on = static_cast<std::size_t>(last - word.rbegin()) >= beginning_min;
    return fmt::format("\"{}\"{}", with_marks(word, "\"", '"'), may_go_on ? "*" : "");
}

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

view_query::view_query(log_view const& view, row_range rows, bool full_text) {
    // One after the other: the search names the rows by these places as well.
    auto const first = add(rows.first);
    auto const last = add(rows.last);
    rows_ = fmt::format("BETWEEN {} AND {}", first, last);
    where_ = fmt::format("row {}", rows_);
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) >= {}", add(view.from_minute * 60'000));
    where_ += fmt::format(" AND coalesce(time_ms, received_ms) < {}", add(view.to_minute * 60'000));
    for (auto const& [field, value] : view.filters) add_filter(field, value);
    add_search(view.search, full_text);
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

void view_query::add_search(std::string const& search, bool full_text) {
    auto const words = words_of(search);
    if (words.empty()) return;
    if (!full_text) {
        for (auto const word : words) {
            auto const place = add("%" + with_marks(word, "%_\\", '\\') + "%");
            where_ += fmt::format(
                R"( AND (request LIKE {0} ESCAPE '\' OR agent LIKE {0} ESCAPE '\' OR referrer LIKE {0} ESCAPE '\'))",
                place);
        }
        return;
    }
    std::string query;
    for (auto const word : words) query += fmt::format("{}{}", query.empty() ? "" : " ", phrase_of(word));
    where_ += fmt::format(" AND row IN (SELECT rowid FROM documents_text WHERE documents_text MATCH {} AND rowid {})",
                          add(std::move(query)), rows_);
}

result<statement> view_query::prepare(database& store, std::string_view what) const& {
    auto asked = store.prepare(fmt::format("SELECT {} FROM documents WHERE {} ORDER BY row DESC", what, where_));
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

}  // namespace logpipe
