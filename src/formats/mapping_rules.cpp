#include "mapping_rules.hpp"

#include "plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace logpipe::formats {

namespace {

using fault = field_rules::fault;

/// Of the store itself; `rank` is the full-text index's.
constexpr std::array<std::string_view, 9> reserved_columns{"row",   "id",  "received_ms", "time_ms", "doc",
                                                           "rowid", "oid", "_rowid_",     "rank"};
/// Of the page's addresses.
constexpr std::array<std::string_view, 6> reserved_names{"from", "to", "q", "before", "limit", "range"};

[[nodiscard]] bool contains(auto const& list, auto const& value) {
    return std::ranges::find(list, value) != std::ranges::end(list);
}

[[nodiscard]] bool is_identifier(std::string_view text) {
    auto const is_part = [](char each) {
        return (each >= 'a' && each <= 'z') || (each >= '0' && each <= '9') || each == '_';
    };
    return !text.empty() && text.size() <= 64 && (text.front() < '0' || text.front() > '9') &&
           std::ranges::all_of(text, is_part);
}

}  // namespace

std::optional<fault> field_rules::add(schema_field const& field, mapped_field const* made) {
    if (fields_.size() == schema::fields_max)
        return fault{"path", fmt::format("at most {} fields are allowed", schema::fields_max)};
    for (auto const& other : fields_) {
        if (other.path == field.path) return fault{"path", fmt::format("duplicate \"{}\"", field.path)};
        if (other.name == field.name)
            return fault{"name",
                         fmt::format("\"{}\" names {} as well: give one of them another name", field.name, other.path)};
    }
    if (auto wrong = add_path(field.path)) return wrong;
    fields_.push_back(field);
    if (made == nullptr || made->from == field_source::constant) return std::nullopt;
    if (made->from == field_source::choice) {
        if (made->choices.empty() || made->choices.size() > mapping::choices_max)
            return fault{"choices", fmt::format("from 1 to {} texts are allowed", mapping::choices_max)};
    } else if (made->from == field_source::line) {
        if (made->keys.empty()) return fault{"from", "name a key of the line"};
        if (auto wrong = add_keys("from", made->keys)) return wrong;
        if (made->joined.size() == 1) return fault{"join", "at least two keys are joined"};
        for (auto const& keys : made->joined)
            if (auto wrong = add_keys("join", keys)) return wrong;
    }
    return std::nullopt;
}

std::optional<fault> field_rules::add_keys(std::string const& where, std::vector<std::string> const& keys) {
    for (auto const& key : keys) {
        if (key.empty()) return fault{where, "name a key of the line"};
        if (contains(keys_, key)) return fault{where, fmt::format("\"{}\" is used by another field already", key)};
        keys_.push_back(key);
    }
    return std::nullopt;
}

std::optional<fault> field_rules::add_path(std::string const& path) {
    auto const names = names_in(path);
    if (names.size() > schema::depth_max)
        return fault{"path",
                     fmt::format("\"{}\" has {} names; at most {} are allowed", path, names.size(), schema::depth_max)};
    if (contains(names, std::string_view{})) return fault{"path", fmt::format("\"{}\" has an empty name", path)};
    if (contains(objects_, path)) return fault{"path", fmt::format("\"{}\" is an object of other fields", path)};
    std::vector<std::string> open;
    for (std::size_t i = 0; i + 1 < names.size(); ++i)
        open.push_back(
            fmt::format("{}", fmt::join(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i) + 1, ".")));
    for (auto const& object : open) {
        for (auto const& other : fields_)
            if (other.path == object)
                return fault{"path", fmt::format("\"{}\" is a field already, so nothing can be in it", object)};
        if (contains(open_, object)) continue;
        if (contains(objects_, object))
            return fault{"path", fmt::format("the fields of the object \"{}\" must be adjacent", object)};
        objects_.push_back(object);
    }
    open_ = std::move(open);
    return std::nullopt;
}

std::string fault_of_column(schema_field const& field) {
    using enum field_type;
    if (field.type != text && field.type != ip && field.type != integer && field.type != long_integer)
        return fmt::format("\"{}\" cannot be a column: its type must be text, ip, integer or long", field.name);
    if (!is_identifier(field.column))
        return fmt::format("\"{}\" has the column name \"{}\": give it a `column` of lower-case letters, digits and _",
                           field.name, field.column);
    if (contains(reserved_columns, field.column))
        return fmt::format("\"{}\" has the column name \"{}\", which the store uses itself: give it another `column`",
                           field.name, field.column);
    return {};
}

std::string fault_of_facet(schema const& all, std::size_t field) {
    auto const& name = all.fields[field].name;
    if (!contains(all.columns, field)) return fmt::format("\"{}\" is not among the columns", name);
    if (contains(reserved_names, name))
        return fmt::format("\"{}\" has a meaning in the page's addresses: give the field another `name`", name);
    return {};
}

std::string fault_of_search(schema const& all, std::size_t field) {
    if (!contains(all.columns, field)) return fmt::format("\"{}\" is not among the columns", all.fields[field].name);
    if (all.fields[field].type != field_type::text)
        return fmt::format("\"{}\" is not of type text", all.fields[field].name);
    return {};
}

std::string fault_of_time(schema const& all, std::size_t field) {
    if (all.fields[field].type == field_type::millis) return {};
    return fmt::format("\"{}\" is not of type millis", all.fields[field].name);
}

std::string fault_of_status(schema const& all, std::size_t field) {
    if (!contains(all.facets, field)) return fmt::format("\"{}\" is not among the facets", all.fields[field].name);
    if (all.fields[field].type != field_type::integer)
        return fmt::format("\"{}\" is not of type integer", all.fields[field].name);
    return {};
}

std::string fault_of_size(schema const& all, std::size_t field) {
    auto const type = all.fields[field].type;
    if (!contains(all.columns, field)) return fmt::format("\"{}\" is not among the columns", all.fields[field].name);
    if (type != field_type::integer && type != field_type::long_integer)
        return fmt::format("\"{}\" is not of type integer or long", all.fields[field].name);
    return {};
}

std::string fault_of_top(schema const& all, std::size_t field) {
    if (contains(all.facets, field)) return {};
    return fmt::format("\"{}\" is not among the facets", all.fields[field].name);
}

std::string fault_of_rest(mapping const& table) {
    if (table.rest.empty()) return {};
    if (table.rest.contains('.')) return "one name is allowed, without dots";
    for (auto const& field : table.fields)
        if (names_in(field.path).front() == table.rest)
            return fmt::format("\"{}\" is used by the field {}", table.rest, field.path);
    return {};
}

}  // namespace logpipe::formats
