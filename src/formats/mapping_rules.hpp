// What must hold of a mapping's fields and lists. Each function says what is wrong, or nothing.
#pragma once

#include "formats/normalize.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::formats {

/// Of one field after the other, in their order. One thread.
class field_rules final {
  public:
    struct fault {
        std::string key;  ///< of the file
        std::string what;
    };
    /// @param made  none: the document has the field by no mapping
    [[nodiscard]] std::optional<fault> add(schema_field const& field, mapped_field const* made);

  private:
    [[nodiscard]] std::optional<fault> add_path(std::string const& path);
    [[nodiscard]] std::optional<fault> add_keys(std::string const& where, std::vector<std::string> const& keys);

    std::vector<schema_field> fields_;
    std::vector<std::string> keys_;     ///< of the line
    std::vector<std::string> objects_;  ///< paths of all objects so far…
    std::vector<std::string> open_;     ///< …and of those that the last field is in
};

/// Empty: it is good.
[[nodiscard]] std::string fault_of_column(schema_field const& field);
[[nodiscard]] std::string fault_of_facet(schema const& all, std::size_t field);
[[nodiscard]] std::string fault_of_search(schema const& all, std::size_t field);
[[nodiscard]] std::string fault_of_time(schema const& all, std::size_t field);
[[nodiscard]] std::string fault_of_status(schema const& all, std::size_t field);
[[nodiscard]] std::string fault_of_size(schema const& all, std::size_t field);
/// Of what the page shows values of.
[[nodiscard]] std::string fault_of_top(schema const& all, std::size_t field);
/// The object that takes the rest holds no mapped field; fields of it may be described.
[[nodiscard]] std::string fault_of_rest(mapping const& table);

}  // namespace logpipe::formats
