#include "tally.hpp"

#include "rollups.hpp"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

namespace logpipe {

namespace {

/// Of all fields: no client can make a question's memory large by values that are all different, or long.
constexpr std::size_t names_bytes_max = std::size_t{32} << 20U;
constexpr std::size_t name_bytes = 96;  // what one takes besides its text, about

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
    if (found == known.end()) {
        if (names_bytes_ >= names_bytes_max) return add_others(field, by);
        names_bytes_ += value.size() + name_bytes;
        found = known.emplace(std::string{value}, log_counts{}).first;
    }
    found->second += by;
}

void tally::add_others(log_field field, log_counts const& by) {
    others_[static_cast<std::size_t>(field)] += by;
}

void tally::show(std::size_t top_count, log_overview& into) const {
    into.total = total_;
    into.bars.clear();
    for (auto const& [start, bar] : bars_) into.bars.push_back(bar);
    using entry = std::pair<std::string const, log_counts>;
    std::vector<entry const*> all;
    for (std::size_t field = 0; field < log_field_count; ++field) {
        all.clear();
        for (auto const& each : values_[field]) all.push_back(&each);
        auto const shown = static_cast<std::ptrdiff_t>(std::min(top_count, all.size()));
        std::ranges::partial_sort(all, all.begin() + shown, [](entry const* a, entry const* b) {
            if (a->second.documents != b->second.documents) return a->second.documents > b->second.documents;
            return a->first < b->first;
        });
        auto& named = into.fields[field];
        named.distinct = all.size();
        named.others = others_[field];
        named.top.clear();
        for (auto const* each : std::span{all}.first(static_cast<std::size_t>(shown)))
            named.top.push_back({.value = each->first, .counts = each->second});
    }
}

}  // namespace logpipe
