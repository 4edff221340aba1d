#include "message_pace.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace logpipe::forward {

namespace {

std::chrono::duration<double> seconds(std::chrono::milliseconds time) {
    return time;
}

}  // namespace

void message_pace::received(std::uint64_t bytes, bool whole, bool within) noexcept {
    if (whole) {
        established_ = true;
        bytes_ = 0;
        taken_ = {};
    }
    bytes_ += bytes;
    within_ = within;
    silent_ = {};
}

std::string message_pace::wait(std::chrono::milliseconds step, message_times const& times) {
    if (!established_) {
        connected_ += step;
        if (times.first_message.count() > 0 && connected_ >= times.first_message)
            return fmt::format("no whole message within {} of connecting (--first-message-timeout)",
                               seconds(times.first_message));
    }
    if (!within_ || times.message.count() == 0) return {};
    silent_ += step;
    taken_ += step;
    if (silent_ >= times.message)
        return fmt::format("no byte of the message that it has begun for {} (--message-timeout)",
                           seconds(times.message));
    std::chrono::milliseconds const earned{bytes_ * 1000 / message_bytes_per_second_min};
    if (taken_ >= times.message + earned)
        return fmt::format("its message is not whole after {} and {} bytes (--message-timeout)", seconds(taken_),
                           bytes_);
    return {};
}

}  // namespace logpipe::forward
