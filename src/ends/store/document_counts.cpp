#include "document_counts.hpp"

#include "rollups.hpp"
#include "store/dashboard.hpp"
#include "view_query.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::store {

namespace {

result<> add_documents(database& store, view_query const& query, store_layout const& layout, tally& into) {
    auto const sized = layout.size_column();
    auto what = fmt::format("coalesce(time_ms, received_ms), {}",
                            sized == store_layout::none ? "0" : store_layout::quoted(layout.columns()[sized].name));
    for (std::size_t i = 0; i < layout.facets().size(); ++i) what += ", " + store_layout::quoted(layout.facet(i).name);
    auto selected = query.prepare(store, what);
    if (!selected) return selected.error();
    constexpr int first_facet_column = 2;
    int code = SQLITE_ROW;
    while ((code = selected->step()) == SQLITE_ROW) {
        log_counts const by{.documents = 1,
                            .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, selected->integer(1)))};
        auto const minute = minute_of(selected->integer(0));
        for (std::size_t facet = 0; facet < layout.facets().size(); ++facet) {
            auto const value = selected->optional_text(first_facet_column + static_cast<int>(facet));
            if (layout.is_status(facet)) into.add_status(minute, value.value_or(no_status), by);
            if (value) into.add_value(facet, *value, by);
        }
        if (layout.total_field() == layout.facets().size()) into.add_status(minute, no_status, by);
    }
    if (code != SQLITE_DONE) return store.failure(code, "counting documents");
    return {};
}

}  // namespace

document_count& document_counts::count_of(log_view const& view, std::int64_t bar_minutes, row_range rows) {
    auto const known = std::ranges::find(kept_, view, &document_count::view);
    if (known != kept_.end()) {
        kept_.splice(kept_.begin(), kept_, known);
        auto const& counted = kept_.front().counted;
        // Counted documents may have been removed since.
        bool const is_there = counted.empty() || (counted.first >= rows.first && counted.last <= rows.last);
        if (kept_.front().bar_minutes == bar_minutes && is_there) return kept_.front();
        kept_.pop_front();
    }
    if (kept_.size() == views_max) kept_.pop_back();
    kept_.push_front({.view = view, .bar_minutes = bar_minutes, .sums = tally{layout_.facets().size(), bar_minutes}});
    return kept_.front();
}

result<document_count const*> document_counts::count_on(database& store, log_view const& view, std::int64_t bar_minutes,
                                                        row_range rows, text_search const& search,
                                                        dashboard_options const& options) {
    auto& count = count_of(view, bar_minutes, rows);
    row_pace pace{options.rows_first, options.time_usual};
    while (auto const most = pace.next()) {
        auto const portion = next_portion(count.counted, rows, most, options.rows_max);
        if (!portion) break;
        if (auto added = add_documents(store, {view, *portion, search, layout_}, layout_, count.sums); !added) {
            kept_.pop_front();  // a part of the portion is in its sums
            return added.error();
        }
        count.counted = joined(count.counted, *portion);
    }
    return &count;
}

}  // namespace logpipe::store
