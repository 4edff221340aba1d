#include "rollup_changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <variant>

namespace logpipe::store {

namespace {

rollup_period& period_of(rollup_periods& periods, std::int64_t start, std::size_t fields) {
    auto& found = periods[start];  // the map's elements stay where they are
    if (found.fields.empty()) {
        found.fields.resize(fields);
        found.others.resize(fields);
    }
    return found;
}

}  // namespace

void rollup_changes::add(document_row const& document, std::int64_t received_ms, std::int64_t row) {
    auto& into = count(document, received_ms, 1);
    into.first_row = into.first_row == 0 ? row : std::min(into.first_row, row);
    into.last_row = std::max(into.last_row, row);
}

void rollup_changes::remove(document_row const& document, std::int64_t received_ms, std::int64_t row) {
    auto& from = count(document, received_ms, -1);
    from.removed_row = std::max(from.removed_row, row);
}

rollup_period& rollup_changes::count(document_row const& document, std::int64_t received_ms, std::int64_t sign) {
    auto const minute = minute_of(document.time_ms.value_or(received_ms));
    if (last_ == nullptr || minute != last_minute_) {
        last_ = &period_of(minutes_, minute, layout_->counted_fields());
        last_minute_ = minute;
    }
    rollup_change const by{.documents = sign, .bytes = sign * document.number(layout_->size_column())};
    fmt::memory_buffer digits;
    for (std::size_t field = 0; field < layout_->facets().size(); ++field) {
        auto const& value = document.columns[layout_->facets()[field]];
        if (auto const* text = std::get_if<std::string_view>(&value)) {
            count_value(field, *text, by);
        } else if (auto const* number = std::get_if<std::int64_t>(&value)) {
            digits.clear();
            fmt::format_to(std::back_inserter(digits), "{}", *number);
            count_value(field, {digits.data(), digits.size()}, by);
        } else if (layout_->is_status(field)) {
            count_value(field, no_status, by);
        }
    }
    if (layout_->total_field() == layout_->facets().size()) count_value(layout_->total_field(), no_status, by);
    return *last_;
}

void rollup_changes::count_value(std::size_t field, std::string_view value, rollup_change const& by) {
    auto* into = &last_->others[field];
    if (value.size() <= rollup_value_bytes_max) {
        auto& known = last_->fields[field];
        auto found = known.find(value);
        if (found == known.end()) found = known.emplace(std::string{value}, rollup_change{}).first;
        into = &found->second;
    }
    *into += by;
}

rollup_periods rollup_changes::take() {
    last_ = nullptr;
    return std::exchange(minutes_, {});
}

void rollup_changes::clear() noexcept {
    minutes_.clear();
    last_ = nullptr;
}

rollup_periods summed(rollup_periods const& periods, std::int64_t span) {
    rollup_periods sums;
    for (auto const& [start, what] : periods) {
        auto& into = period_of(sums, floor_to(start, span), what.fields.size());
        for (std::size_t field = 0; field < what.fields.size(); ++field) {
            for (auto const& [value, by] : what.fields[field]) into.fields[field][value] += by;
            into.others[field] += what.others[field];
        }
    }
    return sums;
}

}  // namespace logpipe::store
