#include "http_places.hpp"

#include "web/server_metrics.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

namespace logpipe::web {

http_place http_places::take() {
    ++connections_;
    bool health_only = usual_ >= limits_.connections_max;
    if (health_only && close_longest()) health_only = usual_ >= limits_.connections_max;
    if (health_only && places_.size() - usual_ >= limits_.health_connections_max) {
        ++refused_;
        return {};
    }
    if (health_only) ++health_only_;
    return {*this, health_only};
}

bool http_places::close_longest() {
    if (waiting_.empty()) return false;
    auto& longest = *waiting_.begin()->second;
    ++evicted_;
    longest.leave();
    longest.stream_->close();
    return true;
}

void http_places::close_all() {
    for (auto* place : places_)
        if (place->stream_ != nullptr) place->stream_->close();
}

std::string http_places::exposition(std::uint64_t requests_rejected) const {
    std::string out;
    auto const add = [&](status::served_metric const& what, std::uint64_t value) {
        fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n{0} {3}\n", what.name, what.help,
                       what.type, value);
    };
    add(metrics::open_connections, places_.size());
    add(metrics::connections, connections_);
    add(metrics::connections_evicted, evicted_);
    add(metrics::connections_rejected, refused_);
    add(metrics::connections_health_only, health_only_);
    add(metrics::requests_rejected, requests_rejected);
    return out;
}

http_place::http_place(http_places& all, bool health_only) : all_{&all}, health_only_{health_only} {
    all.places_.insert(this);
    if (!health_only) ++all.usual_;
}

http_place::http_place(http_place&& other) noexcept
    : all_{other.all_}, stream_{other.stream_}, health_only_{other.health_only_} {
    if (all_ == nullptr) return;
    all_->places_.insert(this);
    if (!health_only_) ++all_->usual_;
    other.leave();
}

http_place::~http_place() {
    leave();
}

void http_place::leave() noexcept {
    if (all_ == nullptr) return;
    all_->waiting_.erase(waits_);
    all_->places_.erase(this);
    if (!health_only_) --all_->usual_;
    all_ = nullptr;
}

void http_place::wait() {
    if (all_ == nullptr || waits_ != 0) return;
    waits_ = ++all_->number_;
    all_->waiting_.emplace(waits_, this);
}

bool http_place::work() {
    if (all_ == nullptr) return false;
    all_->waiting_.erase(std::exchange(waits_, 0));
    return true;
}

}  // namespace logpipe::web
