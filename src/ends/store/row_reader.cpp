#include "row_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace logpipe::store {

namespace {

[[nodiscard]] std::string_view without_space_behind(std::string_view bytes) noexcept {
    while (!bytes.empty() && static_cast<unsigned char>(bytes.back()) <= ' ') bytes.remove_suffix(1);
    return bytes;
}

/// "4.9e2" and the like, of which the index takes the whole part.
[[nodiscard]] std::optional<std::int64_t> whole_part(std::string_view digits) noexcept {
    double value = 0;
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    constexpr double limit = 9e18;
    if (failed != std::errc{} || end != digits.data() + digits.size() || !(value > -limit && value < limit))
        return std::nullopt;
    return static_cast<std::int64_t>(value);
}

[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view digits) noexcept {
    std::int64_t value = 0;
    auto const [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (failed != std::errc{} || end != digits.data() + digits.size()) return whole_part(digits);
    return value;
}

}  // namespace

std::string_view row_reader::key_of(simdjson::ondemand::field& field) const noexcept {
    // A key that is spelled with escapes is none of ours: the transform writes them plainly.
    char const* const begin = field.key().raw();
    char const* end = begin;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    return {begin, end};
}

std::optional<std::string_view> row_reader::text_of(simdjson::ondemand::value& value) const {
    auto const token = without_space_behind(value.raw_json_token());
    if (token.empty() || token == "null" || token.front() == '{' || token.front() == '[') return std::nullopt;
    if (token.front() != '"') return token;
    if (!has_escapes_) return token.substr(1, token.size() - 2);
    std::string_view text;
    if (value.get_string().get(text)) return std::nullopt;
    return text;
}

std::optional<std::int64_t> row_reader::integer_of(simdjson::ondemand::value& value) const {
    auto token = without_space_behind(value.raw_json_token());
    // A number that someone wrote as a text is still that number.
    if (token.size() > 2 && token.front() == '"') token = token.substr(1, token.size() - 2);
    return parse_integer(token);
}

row_reader::row_reader(store_layout const& layout) : columns_{layout.columns().size()} {
    for (std::size_t i = 0; i < columns_; ++i)
        add(layout.columns()[i].path, layout.columns()[i].is_number ? member::kind::number : member::kind::text, i);
    if (!layout.time_path().empty()) add(layout.time_path(), member::kind::time, 0);
}

void row_reader::add(std::string_view path, member::kind what, std::size_t column) {
    std::size_t at = 0;
    for (auto dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
        auto const name = path.substr(0, dot);
        path.remove_prefix(dot + 1);
        auto const known = std::ranges::find(objects_[at], name, &member::key);
        if (known != objects_[at].end()) {
            at = known->index;
            continue;
        }
        objects_[at].push_back({.key = std::string{name}, .what = member::kind::object, .index = objects_.size()});
        at = objects_.size();
        objects_.emplace_back();
    }
    objects_[at].push_back({.key = std::string{path}, .what = what, .index = column});
}

bool row_reader::take(simdjson::ondemand::value& value, member const& what, document_row& row) const {
    switch (what.what) {
        case member::kind::text:
            if (auto const text = text_of(value))
                row.columns[what.index] = *text;
            else
                row.columns[what.index] = std::monostate{};
            return true;
        case member::kind::number:
            if (auto const number = integer_of(value))
                row.columns[what.index] = *number;
            else
                row.columns[what.index] = std::monostate{};
            return true;
        case member::kind::time:
            row.time_ms = integer_of(value);
            return true;
        case member::kind::object: {
            simdjson::ondemand::object inner;
            return value.get_object().get(inner) || take_members(inner, objects_[what.index], row);
        }
    }
    return true;
}

bool row_reader::take_members(simdjson::ondemand::object& from, std::vector<member> const& known,
                              document_row& row) const {
    for (auto each : from) {
        if (each.error()) return false;
        auto& field = each.value_unsafe();
        auto const found = std::ranges::find(known, key_of(field), &member::key);
        if (found != known.end() && !take(field.value(), *found, row)) return false;
    }
    return true;
}

bool row_reader::read(std::string_view document, document_row& row) {
    row.time_ms.reset();
    row.columns.assign(columns_, std::monostate{});
    has_escapes_ = std::memchr(document.data(), '\\', document.size()) != nullptr;
    simdjson::padded_string_view const padded{document.data(), document.size(), document.size() + padding_bytes};
    simdjson::ondemand::document parsed;
    simdjson::ondemand::object members;
    if (parser_.iterate(padded).get(parsed) || parsed.get_object().get(members)) return false;
    if (take_members(members, objects_.front(), row)) return true;
    row.time_ms.reset();
    row.columns.assign(columns_, std::monostate{});
    return false;
}

}  // namespace logpipe::store
