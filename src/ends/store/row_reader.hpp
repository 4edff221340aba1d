// Reads the columns of a document.
#pragma once

#include "document_row.hpp"
#include "layout.hpp"

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::store {

/// Reads documents one after the other without a copy; memory grows to the longest. One thread.
class row_reader final {
  public:
    /// Bytes that must be readable after each document; what they are does not matter.
    static constexpr std::size_t padding_bytes = simdjson::SIMDJSON_PADDING;

    row_reader() = default;  ///< knows no columns
    explicit row_reader(store_layout const& layout);

    /// @return false where the document is not a JSON object; `row` then has no values. Values that are not wanted are
    /// not checked.
    [[nodiscard]] bool read(std::string_view document, document_row& row);

  private:
    /// What the members of one object are.
    struct member {
        enum class kind : std::uint8_t { text, number, time, object };
        std::string key;
        kind what = kind::text;
        std::size_t index = 0;  ///< of the column, or of the object in objects_
    };

    void add(std::string_view path, member::kind what, std::size_t column);
    [[nodiscard]] std::string_view key_of(simdjson::ondemand::field& field) const noexcept;
    [[nodiscard]] std::optional<std::string_view> text_of(simdjson::ondemand::value& value) const;
    [[nodiscard]] std::optional<std::int64_t> integer_of(simdjson::ondemand::value& value) const;
    // False where the JSON breaks off.
    [[nodiscard]] bool take_members(simdjson::ondemand::object& from, std::vector<member> const& known,
                                    document_row& row) const;
    [[nodiscard]] bool take(simdjson::ondemand::value& value, member const& what, document_row& row) const;

    std::vector<std::vector<member>> objects_{1};  ///< the document first
    std::size_t columns_ = 0;
    simdjson::ondemand::parser parser_;
    bool has_escapes_ = false;
};

}  // namespace logpipe::store
