// A view of the page as SQL over documents: conditions, and the values that stand in them.
#pragma once

#include "handles.hpp"
#include "layout.hpp"
#include "logpipe/dashboard.hpp"
#include "row_pace.hpp"
#include "search_words.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace logpipe::store {

/// Values stand in the SQL as parameters only, whatever they are. The statement's views live as long as this.
class view_query final {
  public:
    /// @param search  what `view.search` is
    /// @param layout  of the store, for as long as this lives
    view_query(log_view const& view, row_range rows, text_search const& search, store_layout const& layout);

    /// SELECT `what` FROM documents WHERE …, oldest first: a disk reads ahead, not back.
    [[nodiscard]] result<statement> prepare(database& store, std::string_view what) const&;
    result<statement> prepare(database& store, std::string_view what) const&& = delete;  // it would outlive its values

  private:
    std::string add(std::variant<std::int64_t, std::string> value);
    void add_filter(std::size_t facet, std::string const& value);
    void add_search(text_search const& search);

    store_layout const& layout_;
    std::string rows_;
    std::string where_;
    std::vector<std::variant<std::int64_t, std::string>> values_;
};

}  // namespace logpipe::store
