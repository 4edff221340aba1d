#include "push_lanes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::loki {

push_lanes::push_lanes(std::size_t request_bytes_max, stream_of stream)
    : request_bytes_max_{request_bytes_max}, stream_{std::move(stream)} {}

void push_lanes::add(batch&& events, std::size_t bytes, steady_time now) {
    std::erase_if(isolated_, [&](auto const& each) {
        auto const& one = each.second;
        return one.lines.empty() && (!one.rejected_at || now - *one.rejected_at >= isolation_time);
    });
    pending_.push_back({.events = std::move(events), .bytes = bytes});
    auto const in = std::prev(pending_.end());
    for (auto const& row : in->events.events) {
        if (row.rejected) continue;
        ++in->lines_open;
        line const one{.in = in, .row = &row};
        auto* to = &shared_;
        // Streams are looked up only while one of them goes alone.
        if (!isolated_.empty())
            if (auto const own = isolated_.find(stream_(one)); own != isolated_.end()) to = &own->second;
        if (to->lines.empty()) to->due = now;
        to->lines.push_back(one);
    }
    if (in->lines_open != 0) return;
    finished_.push_back(std::move(*in));
    pending_.erase(in);
}

std::optional<steady_time> push_lanes::due() const {
    std::optional<steady_time> first;
    auto const consider = [&](lane const& one) {
        if (!one.lines.empty() && (!first || one.due < *first)) first = one.due;
    };
    consider(shared_);
    for (auto const& [labels, one] : isolated_) consider(one);
    return first;
}

push_lanes::lane* push_lanes::next_due(steady_time now) {
    lane* found = nullptr;
    auto const consider = [&](lane& one) {
        if (!one.lines.empty() && one.due <= now && (found == nullptr || one.due < found->due)) found = &one;
    };
    consider(shared_);
    for (auto& [labels, one] : isolated_) consider(one);
    return found;
}

std::vector<push_lanes::line> push_lanes::next_request(lane const& of) const {
    std::vector<line> out;
    std::size_t bytes = 0;
    for (auto const& one : of.lines) {
        if (out.size() >= of.lines_max || (!out.empty() && bytes >= request_bytes_max_)) break;
        bytes += one.row->record_bytes;
        out.push_back(one);
    }
    return out;
}

void push_lanes::complete(lane& by, std::size_t count) {
    for (; count > 0; --count) {
        auto const in = by.lines.front().in;
        by.lines.pop_front();
        if (--in->lines_open != 0) continue;
        finished_.push_back(std::move(*in));
        pending_.erase(in);
    }
}

void push_lanes::recovered(lane& by, steady_time now) {
    by.reason.clear();
    by.retry.worked();
    by.due = now;
}

void push_lanes::drop_if_done(lane& by, steady_time now) {
    if (&by == &shared_ || !by.lines.empty()) return;
    if (by.rejected_at && now - *by.rejected_at < isolation_time) return;
    isolated_.erase(isolated_.find(by.stream));
}

void push_lanes::taken(lane& by, std::size_t count, steady_time now) {
    complete(by, count);
    recovered(by, now);
    if (by.lines_max <= std::numeric_limits<std::size_t>::max() / 2) by.lines_max *= 2;
    drop_if_done(by, now);
}

void push_lanes::rejected(lane& by, std::size_t count, steady_time now) {
    complete(by, count);
    recovered(by, now);
    by.rejected_at = now;
}

bool push_lanes::too_large(lane& by, std::size_t count, steady_time now) {
    recovered(by, now);
    send_fewer(by, count);
    if (count > 1) return true;
    complete(by, count);
    drop_if_done(by, now);
    return false;
}

void push_lanes::throttle(lane& by, std::size_t count, std::string reason, steady_time now) {
    send_fewer(by, count);
    by.reason = std::move(reason);
    by.due = by.retry.failed(now);
}

void push_lanes::send_fewer(lane& by, std::size_t count) noexcept {
    by.lines_max = std::max<std::size_t>(1, count / 2);
}

push_lanes::lane& push_lanes::lane_of(std::string const& labels, steady_time now) {
    auto const [at, is_new] = isolated_.try_emplace(labels);
    if (is_new) {
        at->second.stream = labels;
        at->second.due = now;
    }
    return at->second;
}

push_lanes::lane* push_lanes::isolate(lane& by, std::size_t count, steady_time now) {
    if (&by != &shared_) return &by;
    lane* only = nullptr;
    bool several = false;
    auto lines = std::exchange(by.lines, {});
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const& labels = stream_(lines[i]);
        if (i < count) {
            auto& own = lane_of(labels, now);
            several = several || (only != nullptr && only != &own);
            only = &own;
            own.lines.push_back(lines[i]);
        } else if (auto const own = isolated_.find(labels); own != isolated_.end()) {
            own->second.lines.push_back(lines[i]);
        } else {
            by.lines.push_back(lines[i]);
        }
    }
    by.lines_max = std::numeric_limits<std::size_t>::max();
    return several ? nullptr : only;
}

std::vector<push_lanes::pending_batch> push_lanes::finished() {
    return std::exchange(finished_, {});
}

push_lanes::throttled_lines push_lanes::throttled() const {
    throttled_lines out;
    for (auto const& [labels, one] : isolated_) {
        if (one.reason.empty()) continue;
        if (out.streams++ == 0) out.first = fmt::format("{}: {}", labels, one.reason);
        out.lines += one.lines.size();
    }
    return out;
}

}  // namespace logpipe::loki
