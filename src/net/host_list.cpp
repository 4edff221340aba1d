#include "net/host_list.hpp"

#include "core/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace logpipe::net {

host_list::host_list(std::string_view stage, std::vector<std::string> names, std::size_t first, backoff_options waits)
    : stage_{stage}, names_{std::move(names)}, turn_{first % names_.size()} {
    for (std::size_t i = 0; i < names_.size(); ++i) hosts_.push_back({.wait = backoff{waits}});
}

std::size_t host_list::next(steady_time now) {
    mutex_lock const lock{mutex_};
    auto const waits = [](state const& each) { return each.down_since && !each.trying; };
    auto due = hosts_.end();
    for (auto each = hosts_.begin(); each != hosts_.end(); ++each)
        if (waits(*each) && (due == hosts_.end() || each->due < due->due)) due = each;
    if (due != hosts_.end() && (due->due <= now || down_count() == hosts_.size())) {
        due->trying = true;
        return static_cast<std::size_t>(due - hosts_.begin());
    }
    // With none up, all are being tried by others already.
    bool const any_up = down_count() < hosts_.size();
    while (any_up && hosts_[turn_].down_since) turn_ = (turn_ + 1) % hosts_.size();
    return std::exchange(turn_, (turn_ + 1) % hosts_.size());
}

void host_list::responded(std::size_t host, steady_time now) {
    mutex_lock const lock{mutex_};
    auto& it = hosts_[host];
    it.trying = false;
    if (!it.down_since) return;
    auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *std::exchange(it.down_since, {}));
    it.wait.reset();
    if (hosts_.size() > 1)
        log_info("{}: host up: {}, after {} s ({} of {} hosts are up)", stage_, names_[host], seconds.count(),
                 hosts_.size() - down_count(), hosts_.size());
}

bool host_list::failed(std::size_t host, std::string_view reason, steady_time now) {
    mutex_lock const lock{mutex_};
    auto& it = hosts_[host];
    bool const was_up = !it.down_since;
    // What was in flight there when it went down says nothing new.
    if (was_up || it.trying) it.due = now + it.wait.next();
    it.trying = false;
    it.reason = reason;
    if (was_up) it.down_since = now;
    auto const up = hosts_.size() - down_count();
    if (was_up && hosts_.size() > 1)
        log_warn("{}: host down: {} ({} of {} hosts are up)", stage_, reason, up, hosts_.size());
    return up > 0;
}

void host_list::describe(stage_status& into) const {
    mutex_lock const lock{mutex_};
    auto const down = down_count();
    into.metrics.emplace_back(hosts_up, hosts_.size() - down);
    into.metrics.emplace_back(hosts_down, down);
    if (down == 0 || hosts_.size() == 1 || !into.up || !into.reason.empty()) return;
    auto const first = std::ranges::find_if(hosts_, [](state const& each) { return each.down_since.has_value(); });
    into.reason = fmt::format("{} of {} hosts down, the others are used: {}", down, hosts_.size(), first->reason);
}

std::size_t host_list::down_count() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(hosts_, [](state const& each) { return each.down_since.has_value(); }));
}

}  // namespace logpipe::net
