// A schema as the store uses it: the columns of the table `documents`, which of them are counted and searched, and the
// SQL that names them.
#pragma once

#include "logpipe/schema.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::store {

/// Immutable. All numbers of columns are indices in columns(), those of facets in facets().
class store_layout final {
  public:
    struct column {
        std::string name;
        std::string path;        ///< in a document
        bool is_number = false;  ///< else a text
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    explicit store_layout(schema const& documents);

    [[nodiscard]] std::vector<column> const& columns() const noexcept { return columns_; }
    [[nodiscard]] std::string const& time_path() const noexcept { return time_path_; }  ///< empty: none
    [[nodiscard]] std::size_t size_column() const noexcept { return size_; }            ///< none: no figure is summed
    /// Columns that are counted by value.
    [[nodiscard]] std::vector<std::size_t> const& facets() const noexcept { return facets_; }
    [[nodiscard]] column const& facet(std::size_t number) const { return columns_[facets_[number]]; }
    [[nodiscard]] bool is_status(std::size_t facet) const noexcept { return facet == status_; }
    /// What the roll-ups count: the facets, and where none of them is the status one more, which counts all documents.
    [[nodiscard]] std::size_t counted_fields() const noexcept { return facets_.size() + (status_ == none ? 1 : 0); }
    /// The one of counted_fields() that each document is counted by.
    [[nodiscard]] std::size_t total_field() const noexcept { return status_ == none ? facets_.size() : status_; }
    [[nodiscard]] bool has_texts() const noexcept { return !searched_.empty(); }
    [[nodiscard]] std::vector<std::size_t> const& searched() const noexcept { return searched_; }

    /// Names of columns as SQL has them.
    [[nodiscard]] static std::string quoted(std::string_view name);
    [[nodiscard]] std::string column_list() const;    ///< `, "a", "b"`
    [[nodiscard]] std::string searched_list() const;  ///< `, "a"`
    /// What makes stores different, in one line. It is written to files: two that differ are not the same store.
    [[nodiscard]] std::string description() const;

  private:
    std::vector<column> columns_;
    std::string time_path_;
    std::size_t size_ = none;
    std::size_t status_ = none;
    std::vector<std::size_t> facets_;
    std::vector<std::size_t> searched_;
};

}  // namespace logpipe::store
