// A view of the page as SQL over documents: conditions, and the values that stand in them.
#pragma once

#include "handles.hpp"
#include "logpipe/dashboard.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace logpipe {

/// Rows `first` to `last` of the documents.
struct row_range {
    std::int64_t first = 1;
    std::int64_t last = 0;

    [[nodiscard]] bool empty() const noexcept { return first > last; }
    [[nodiscard]] std::uint64_t count() const noexcept {
        return empty() ? 0 : static_cast<std::uint64_t>(last - first + 1);
    }
};

/// Values stand in the SQL as parameters only, whatever they are. The statement's views live as long as this.
class view_query final {
  public:
    /// @param full_text  there is an index for the search; without it texts are compared
    view_query(log_view const& view, row_range rows, bool full_text);

    /// SELECT `what` FROM documents WHERE …, newest first.
    [[nodiscard]] result<statement> prepare(database& store, std::string_view what) const&;
    result<statement> prepare(database& store, std::string_view what) const&& = delete;  // it would outlive its values

  private:
    std::string add(std::variant<std::int64_t, std::string> value);
    void add_filter(log_field field, std::string const& value);
    void add_search(std::string const& search, bool full_text);

    std::string rows_;
    std::string where_;
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

}  // namespace logpipe
