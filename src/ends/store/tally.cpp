#include "tally.hpp"

#include "rollups.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace logpipe::store {

namespace {

/// Of all fields: no client can make a request's memory large by values that are all different, or long.
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

void tally::add_value(std::size_t facet, std::string_view value, log_counts const& by, std::int64_t missed) {
    auto& sums = fields_[facet];
    auto found = sums.names.find(value);
    if (found == sums.names.end()) {
        if (names_bytes_ >= names_bytes_max) make_room();
        sums.names_bytes += value.size() + name_bytes;
        names_bytes_ += value.size() + name_bytes;
        found = sums.names.emplace(std::string{value}, named{.counts = {}, .missed = sums.evicted}).first;
    }
    found->second.counts += by;
    found->second.missed += missed;
}

void tally::add_others(std::size_t facet, log_counts const& by, std::int64_t missed) {
    auto& sums = fields_[facet];
    sums.others += by;
    sums.missed += missed;
}

/// Half of the names of the field that has the most bytes of them go to its others: those with the least.
void tally::make_room() {
    auto& sums = *std::ranges::max_element(fields_, {}, &field_sums::names_bytes);
    std::vector<std::int64_t> counts;
    for (auto const& [value, each] : sums.names) counts.push_back(each.most());
    auto const middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::ranges::nth_element(counts, middle, std::greater{});
    auto const most = *middle;
    auto left = static_cast<std::size_t>(counts.end() - middle);
    auto const evict = [&](auto const& is_less) {
        std::erase_if(sums.names, [&](auto const& entry) {
            if (left == 0 || !is_less(entry.second.most())) return false;
            --left;
            sums.others += entry.second.counts;
            sums.names_bytes -= entry.first.size() + name_bytes;
            names_bytes_ -= entry.first.size() + name_bytes;
            return true;
        });
    };
    evict([&](std::int64_t each) { return each < most; });
    evict([&](std::int64_t each) { return each == most; });
    sums.evicted = std::max(sums.evicted, most);
}

void tally::show(std::size_t top_count, log_overview& into) const {
    into.total = total_;
    into.bars.clear();
    for (auto const& [start, bar] : bars_) into.bars.push_back(bar);
    using entry = std::pair<std::string const, named>;
    std::vector<entry const*> all;
    into.facets.resize(fields_.size());
    for (std::size_t facet = 0; facet < fields_.size(); ++facet) {
        auto const& sums = fields_[facet];
        all.clear();
        for (auto const& each : sums.names) all.push_back(&each);
        auto const shown = static_cast<std::ptrdiff_t>(std::min(top_count, all.size()));
        std::ranges::partial_sort(all, all.begin() + shown, [](entry const* a, entry const* b) {
            auto const most = a->second.counts.documents;
            return most != b->second.counts.documents ? most > b->second.counts.documents : a->first < b->first;
        });
        auto const at_least_0 = [](std::int64_t each) {
            return static_cast<std::uint64_t>(std::max<std::int64_t>(0, each));
        };
        auto& listed = into.facets[facet];
        listed.distinct = all.size();
        listed.others = sums.others;
        listed.missed = at_least_0(sums.missed + sums.evicted);
        listed.top.clear();
        for (auto const* each : std::span{all}.first(static_cast<std::size_t>(shown)))
            listed.top.push_back({.value = each->first,
                                  .counts = each->second.counts,
                                  .missed = at_least_0(sums.missed + each->second.missed)});
    }
}

}  // namespace logpipe::store
