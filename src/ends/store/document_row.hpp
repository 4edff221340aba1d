// The columns of a document. Those that it does not have are NULL.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace logpipe::store {

/// None, a number or a text.
using column_value = std::variant<std::monostate, std::int64_t, std::string_view>;

/// Views into the document, or into the reader's memory: good until its next read().
struct document_row {
    std::optional<std::int64_t> time_ms;
    std::vector<column_value> columns;  ///< as store_layout::columns()

    /// Of a column of numbers; 0 where there is none.
    [[nodiscard]] std::int64_t number(std::size_t column) const noexcept {
        auto const* value = column < columns.size() ? std::get_if<std::int64_t>(&columns[column]) : nullptr;
        return value == nullptr ? 0 : *value;
    }
};

}  // namespace logpipe::store
