#include "document_counts.hpp"

#include "rollups.hpp"
#include "store/dashboard.hpp"
#include "view_query.hpp"

#include <algorithm>

namespace logpipe::store {

namespace {

result<> add_documents(database& store, view_query const& query, tally& into) {
    auto asked = query.prepare(
        store, "coalesce(time_ms, received_ms), bytes, response, remote_ip, request, referrer, agent, region");
    if (!asked) return asked.error();
    constexpr int first_field_column = 2;  // then as in log_field
    int code = SQLITE_ROW;
    while ((code = asked->step()) == SQLITE_ROW) {
        log_counts const by{.documents = 1,
                            .bytes = static_cast<std::uint64_t>(std::max<std::int64_t>(0, asked->integer(1)))};
        auto const minute = minute_of(asked->integer(0));
        for (std::size_t field = 0; field < log_field_count; ++field) {
            auto const value = asked->optional_text(first_field_column + static_cast<int>(field));
            auto const named = static_cast<log_field>(field);
            if (named == log_field::status) into.add_status(minute, value.value_or(no_status), by);
            if (value) into.add_value(named, *value, by);
        }
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
    kept_.push_front({.view = view, .bar_minutes = bar_minutes});
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
        if (auto added = add_documents(store, {view, *portion, search}, count.sums); !added) {
            kept_.pop_front();  // a part of the portion is in its sums
            return added.error();
        }
        count.counted = joined(count.counted, *portion);
    }
    return &count;
}

}  // namespace logpipe::store
