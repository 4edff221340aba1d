#include "pump_rules.hpp"

namespace logpipe::runtime {

namespace {

constexpr std::chrono::seconds release_time{5};
constexpr std::chrono::milliseconds full_disk_wait{500};

}  // namespace

bool needs_open(errc code) noexcept {
    switch (code) {
        case errc::not_connected:
        case errc::timed_out:
        case errc::unauthorized:
        case errc::protocol:
        case errc::storage_failed:
            return true;
        default:
            return false;
    }
}

std::chrono::milliseconds longest_wait(errc code) noexcept {
    return code == errc::storage_full ? full_disk_wait : std::chrono::milliseconds::max();
}

bool is_hopeless(errc code) noexcept {
    return code == errc::cancelled || code == errc::invalid_argument;
}

bool ends_at_start(pump_stage which, errc code, std::chrono::steady_clock::duration failing_for) noexcept {
    switch (code) {
        case errc::invalid_argument:
        case errc::corrupt:
        case errc::storage_failed:
            return true;
        case errc::busy:
            // A busy sink is a server with too much to do; a busy source is an address or a group that another process
            // holds.
            return which == pump_stage::source && failing_for >= release_time;
        default:
            return false;
    }
}

}  // namespace logpipe::runtime
