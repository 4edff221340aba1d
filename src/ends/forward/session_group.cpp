#include "session_group.hpp"

#include "forward_metrics.hpp"
#include "handshake.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::forward {

void session_counts::describe(stage_status& into) const {
    into.metrics.emplace_back(metrics::connections_broken, broken);
    into.metrics.emplace_back(metrics::connections_unauthorized, unauthorized);
    into.metrics.emplace_back(metrics::bytes_in, bytes_in);
    into.metrics.emplace_back(metrics::messages, messages);
}

session_group::session_group(forward_source_options const& options, forward_limits const& limits, inbox& into,
                             environment world, std::function<void()> wake)
    : hostname_{hostname_of(options.self_hostname)},
      peers_{options.connections_max, options.connections_per_address},
      acks_{*world.memory},
      events_{into, acks_, trouble_, world, std::move(wake)},
      turn_{std::move(world)},
      context_{options, limits, hostname_, peers_, events_, acks_, counts_, turn_, trouble_} {}

bool session_group::admit(peer_table::pointer const& peer) {
    if (!peers_.add(peer)) {
        if (auto const count = trouble_.admit(); count != 0)
            log_warn(
                "forward_source: connection of {} closed: its address has {} already, the limit "
                "(--connections-per-address) ({} times)",
                peer->host, context_.options.connections_per_address, count);
        return false;
    }
    if (events_.stopping()) peer->link->stop_reading_after(quiet_max);
    events_.add_feeder();
    return true;
}

bool session_group::left(peer_table::pointer const& peer) {
    if (events_.stopping()) return false;
    peers_.remove(peer);
    return true;
}

bool session_group::stop() {
    if (!events_.stop()) return false;
    for (auto const& peer : peers_) peer->link->stop_reading_after(quiet_max);
    return true;
}

void session_group::abandon() {
    events_.abandon();
    send_due_acks();
}

bool session_group::is_sending() const {
    return std::ranges::any_of(peers_, [](auto const& peer) { return peer->link->unsent_bytes() > 0; });
}

void session_group::close_all() {
    for (auto const& peer : peers_) peer->link->close("this process ends");
    peers_.clear();
}

void session_group::describe(stage_status& into) const {
    peers_.describe(into);
    counts_.describe(into);
    acks_.describe(into);
    events_.describe(into);
}

}  // namespace logpipe::forward
