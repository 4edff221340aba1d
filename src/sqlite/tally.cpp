#include "tally.hpp"

#include "rollups.hpp"

#include <algorithm>
#include <utility>

namespace logpipe {

namespace {

void operator+=(log_counts& sum, log_counts const& by) noexcept {
    sum.documents += by.documents;
    sum.bytes += by.bytes;
}

[[nodiscard]] std::size_t class_of(std::string_view status) noexcept {
    return status.size() == 3 && status[0] >= '1' && status[0] <= '5' ? static_cast<std::size_t>(status[0] - '0') : 0;
}

}  // namespace

void tally::add_status(std::int64_t minute, std::string_view status, log_counts const& by) {
    auto const start = floor_to(minute, bar_minutes_);
    if (last_bar_ == nullptr || last_bar_->start_minute != start) {
        last_bar_ = &bars_[start];  // the map's elements stay where they are
        last_bar_->start_minute = start;
    }
    last_bar_->classes[class_of(status)] += by.documents;
    last_bar_->bytes += by.bytes;
    total_ += by;
}

void tally::add_value(log_field field, std::string_view value, log_counts const& by) {
    auto& known = values_[static_cast<std::size_t>(field)];
    auto found = known.find(value);
    if (found == known.end()) found = known.emplace(std::string{value}, log_counts{}).first;
    found->second += by;
}

void tally::add_others(log_field field, log_counts const& by) {
    others_[static_cast<std::size_t>(field)] += by;
}

void tally::finish(std::size_t top_count, log_overview& into) {
    into.total = total_;
    into.bars.clear();
    for (auto const& [start, bar] : bars_) into.bars.push_back(bar);
    for (std::size_t field = 0; field < log_field_count; ++field) {
        std::vector<log_value> all;
        all.reserve(values_[field].size());
        for (auto& [value, by] : values_[field]) all.push_back({.value = value, .counts = by});
        auto const shown = static_cast<std::ptrdiff_t>(std::min(top_count, all.size()));
        std::ranges::partial_sort(all, all.begin() + shown, [](log_value const& a, log_value const& b) {
            if (a.counts.documents != b.counts.documents) return a.counts.documents > b.counts.documents;
            return a.value < b.value;
        });
        into.fields[field].distinct = all.size();
        all.resize(static_cast<std::size_t>(shown));
        into.fields[field].top = std::move(all);
        into.fields[field].others = others_[field];
    }
}

}  // namespace logpipe
