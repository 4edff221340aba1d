#include "peer_table.hpp"

namespace logpipe::forward {

bool peer_table::is_full_for(boost::asio::ip::address const& host) const {
    if (per_address_max_ == 0) return false;
    auto const count = counts_.find(host);
    return count != counts_.end() && count->second >= per_address_max_;
}

void peer_table::add(pointer const& peer) {
    peer->number = ++number_;
    peers_.insert(peer);
    newcomers_.emplace(peer->number, peer);
    if (per_address_max_ > 0) ++counts_[peer->host];
}

void peer_table::remove(pointer const& peer) {
    newcomers_.erase(peer->number);
    if (peers_.erase(peer) == 0 || per_address_max_ == 0) return;
    if (auto const count = counts_.find(peer->host); --count->second == 0) counts_.erase(count);
}

void peer_table::establish(forward_peer& peer) {
    peer.pace.establish();
    newcomers_.erase(peer.number);
}

peer_table::pointer peer_table::take_newcomer() {
    if (newcomers_.empty()) return nullptr;
    auto first = std::move(newcomers_.begin()->second);
    newcomers_.erase(newcomers_.begin());
    return first;
}

void peer_table::clear() {
    peers_.clear();
    newcomers_.clear();
    counts_.clear();
}

}  // namespace logpipe::forward
