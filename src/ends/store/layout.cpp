#include "layout.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::store {

namespace {

[[nodiscard]] bool is_number(field_type type) {
    return type == field_type::integer || type == field_type::long_integer;
}

/// The index of a field in a list of fields, or none.
[[nodiscard]] std::size_t index_in(std::vector<std::size_t> const& list, std::optional<std::size_t> field) {
    if (!field) return store_layout::none;
    auto const found = std::ranges::find(list, *field);
    return found == list.end() ? store_layout::none : static_cast<std::size_t>(found - list.begin());
}

}  // namespace

store_layout::store_layout(schema const& documents) {
    for (auto const field : documents.columns) {
        auto const& from = documents.fields[field];
        columns_.push_back({.name = from.column, .path = from.path, .is_number = is_number(from.type)});
    }
    if (documents.time) time_path_ = documents.fields[*documents.time].path;
    size_ = index_in(documents.columns, documents.size);
    status_ = index_in(documents.facets, documents.status);
    for (auto const field : documents.facets) facets_.push_back(index_in(documents.columns, field));
    for (auto const field : documents.searched) searched_.push_back(index_in(documents.columns, field));
}

std::string store_layout::quoted(std::string_view name) {
    return fmt::format("\"{}\"", name);  // reading a mapping lets no other character in than letters, digits and _
}

std::string store_layout::column_list() const {
    std::string list;
    for (auto const& each : columns_) list += ", " + quoted(each.name);
    return list;
}

std::string store_layout::searched_list() const {
    std::string list;
    for (auto const each : searched_) list += ", " + quoted(columns_[each].name);
    return list;
}

std::string store_layout::description() const {
    std::string out = "columns";
    for (auto const& each : columns_)
        out += fmt::format(" {}={}:{}", each.name, each.path, each.is_number ? "number" : "text");
    out += "; facets";
    for (auto const each : facets_) out += " " + columns_[each].name;
    out += "; search";
    for (auto const each : searched_) out += " " + columns_[each].name;
    out += fmt::format("; time {}; status {}; size {}", time_path_, status_ == none ? "" : facet(status_).name,
                       size_ == none ? "" : columns_[size_].name);
    return out;
}

}  // namespace logpipe::store
