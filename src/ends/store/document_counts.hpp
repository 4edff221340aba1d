// The figures of a view under a filter: its documents are counted, from the newest on, as far as a request's time
// goes, and further with each request of the same view.
#pragma once

#include "handles.hpp"
#include "layout.hpp"
#include "logpipe/dashboard.hpp"
#include "row_pace.hpp"
#include "search_words.hpp"
#include "store/dashboard.hpp"
#include "tally.hpp"

#include <list>

namespace logpipe::store {

struct document_count {
    log_view view;
    std::int64_t bar_minutes = 1;
    tally sums;
    row_range counted = {};  ///< without gaps: rows are never changed, and new ones are added after the last
};

/// Of one connection. One thread.
class document_counts final {
  public:
    /// @param layout  outlives it
    explicit document_counts(store_layout const& layout) : layout_{layout} {}

    /// Counts on, from where the last request of this view ended.
    /// @param rows  in which all documents of the view are
    /// @return good until the next call
    [[nodiscard]] result<document_count const*> count_on(database& store, log_view const& view,
                                                         std::int64_t bar_minutes, row_range rows,
                                                         text_search const& search, dashboard_options const& options);

  private:
    static constexpr std::size_t views_max = 4;  // so many people with a filter; each may have a tally's names

    [[nodiscard]] document_count& count_of(log_view const& view, std::int64_t bar_minutes, row_range rows);

    store_layout const& layout_;
    std::list<document_count> kept_;  ///< the most recently requested first
};

}  // namespace logpipe::store
