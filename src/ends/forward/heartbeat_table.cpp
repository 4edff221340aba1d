#include "heartbeat_table.hpp"

namespace logpipe::forward {

bool heartbeat_table::admit(boost::asio::ip::udp::endpoint const& peer, time_point now) noexcept {
    row* free = nullptr;
    for (auto& each : rows_) {
        if (each.free_from > now) {
            if (each.peer == peer) return false;
        } else if (free == nullptr) {
            free = &each;
        }
    }
    if (free == nullptr) return false;
    *free = {.peer = peer, .free_from = now + pause};
    return true;
}

}  // namespace logpipe::forward
