#include "peer_table.hpp"

#include "forward_metrics.hpp"

namespace logpipe::forward {

bool peer_table::add(pointer const& peer) {
    if (per_address_max_ > 0) {
        auto& count = counts_[peer->host];
        if (count >= per_address_max_) {
            ++rejected_;
            return false;
        }
        ++count;
    }
    peer->number = ++added_;
    peers_.insert(peer);
    newcomers_.emplace(peer->number, peer);
    open_ = peers_.size();
    return true;
}

void peer_table::remove(pointer const& peer) {
    newcomers_.erase(peer->number);
    if (peers_.erase(peer) == 0) return;
    open_ = peers_.size();
    if (per_address_max_ == 0) return;
    if (auto const count = counts_.find(peer->host); --count->second == 0) counts_.erase(count);
}

void peer_table::establish(forward_peer& peer) {
    peer.pace.establish();
    newcomers_.erase(peer.number);
}

bool peer_table::evict_newcomer() {
    if (newcomers_.empty()) return false;
    auto const oldest = std::move(newcomers_.begin()->second);
    newcomers_.erase(newcomers_.begin());
    if (!oldest->link->closed()) ++evicted_;
    oldest->link->close("its slot is needed, and it has not completed a message");
    return true;
}

void peer_table::clear() {
    peers_.clear();
    newcomers_.clear();
    counts_.clear();
    open_ = 0;
}

void peer_table::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::open_connections, open_);
    into.metrics.emplace_back(metrics::connections_max, count_max_);
    into.metrics.emplace_back(metrics::connections, added_);
    into.metrics.emplace_back(metrics::connections_evicted, evicted_);
    into.metrics.emplace_back(metrics::connections_rejected, rejected_);
}

}  // namespace logpipe::forward
