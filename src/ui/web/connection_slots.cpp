#include "connection_slots.hpp"

#include "web/server_metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace logpipe::web {

connection_slot connection_slots::take() {
    ++connections_;
    bool health_only = full_service_ >= limits_.connections_max;
    if (health_only && close_longest()) health_only = full_service_ >= limits_.connections_max;
    if (health_only && slots_.size() - full_service_ >= limits_.health_connections_max) {
        ++rejected_;
        return {};
    }
    if (health_only) ++health_only_;
    return {*this, health_only};
}

bool connection_slots::close_longest() {
    if (waiting_.empty()) return false;
    auto& longest = *waiting_.begin()->second;
    ++evicted_;
    longest.leave();
    longest.stream_->close();
    return true;
}

void connection_slots::close_all() {
    for (auto* slot : slots_)
        if (slot->stream_ != nullptr) slot->stream_->close();
}

std::string connection_slots::exposition(std::uint64_t requests_rejected) const {
    std::string out;
    auto const add = [&](status::served_metric const& what, std::uint64_t value) {
        fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", what.name, what.help,
                       what.type, value);
    };
    add(metrics::open_connections, slots_.size());
    add(metrics::connections, connections_);
    add(metrics::connections_evicted, evicted_);
    add(metrics::connections_rejected, rejected_);
    add(metrics::connections_health_only, health_only_);
    add(metrics::requests_rejected, requests_rejected);
    return out;
}

connection_slot::connection_slot(connection_slots& all, bool health_only) : all_{&all}, health_only_{health_only} {
    all.slots_.insert(this);
    if (!health_only) ++all.full_service_;
}

connection_slot::connection_slot(connection_slot&& other) noexcept
    : all_{other.all_}, stream_{other.stream_}, health_only_{other.health_only_} {
    if (all_ == nullptr) return;
    all_->slots_.insert(this);
    if (!health_only_) ++all_->full_service_;
    other.leave();
}

connection_slot::~connection_slot() {
    leave();
}

void connection_slot::leave() noexcept {
    if (all_ == nullptr) return;
    all_->waiting_.erase(idle_number_);
    all_->slots_.erase(this);
    if (!health_only_) --all_->full_service_;
    all_ = nullptr;
}

void connection_slot::wait() {
    if (all_ == nullptr || idle_number_ != 0) return;
    idle_number_ = ++all_->number_;
    all_->waiting_.emplace(idle_number_, this);
}

bool connection_slot::work() {
    if (all_ == nullptr) return false;
    all_->waiting_.erase(std::exchange(idle_number_, 0));
    return true;
}

}  // namespace logpipe::web
