#include "client.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr auto ack_timeout = 20s;
constexpr std::size_t unacked_max = 4;
constexpr std::size_t to_send_max = 40;

}  // namespace

bool client::can_write() const {
    if (!written_.empty()) return true;
    return next_ < to_send_.size() && (!how_.wants_acks || next_ < unacked_max);
}

steady_time client::due() const {
    auto earliest = course_.are_faults_over ? steady_time::max() : next_message_at_;
    if (!link_) return is_done() ? earliest : std::min(earliest, act_at_);
    if (link_->closed() || link_->unsent_bytes() > 0 || can_write()) return std::min(earliest, act_at_);
    if (!is_done()) earliest = std::min(earliest, patience_until_);
    return earliest;
}

void client::act() {
    auto const now = course_.time.now;
    if (next_message_at_ <= now && !course_.are_faults_over) make_messages();
    if (act_at_ > now) return;
    act_at_ = now + chance_.about(3ms);
    if (!link_) {
        if (!is_done()) connect();
        return;
    }
    if (link_->closed()) return disconnect();
    if (read()) return;
    if (patience_until_ <= now && !is_done()) {
        link_->leave(how_.wants_acks);
        return disconnect();
    }
    if (can_write()) write();
}

void client::make_messages() {
    next_message_at_ = course_.time.now + chance_.about(how_.pause_mean);
    for (auto left = 1 + chance_.below(3); left > 0 && to_send_.size() < to_send_max; --left)
        to_send_.push_back(&course_.make_message(chance_, how_.wants_acks));
    if (link_ && next_ == 0) patience_until_ = course_.time.now + ack_timeout;
}

void client::connect() {
    link_ = connect_(forwarder_);
    if (!link_) {
        forwarder_ = (forwarder_ + 1) % forwarders_;
        act_at_ = course_.time.now + 200ms + chance_.about(1s);
        return;
    }
    responses_ = forward::msgpack_stream{1U << 16U};
    next_ = 0;
    written_.clear();
    patience_until_ = course_.time.now + ack_timeout;
}

/// What was not acked is sent again, now and then to the other one. One without acks never learns what became of its
/// messages.
void client::disconnect() {
    link_.reset();
    written_.clear();
    if (!how_.wants_acks) to_send_.erase(to_send_.begin(), to_send_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
    if (chance_.in(2)) forwarder_ = (forwarder_ + 1) % forwarders_;
    act_at_ = course_.time.now + chance_.about(1s);
}

bool client::read() {
    auto const bytes = link_->take_sent(1 + chance_.below(60));
    if (bytes.empty()) return false;
    std::memcpy(responses_.space().data(), bytes.data(), bytes.size());
    responses_.commit(bytes.size());
    while (true) {
        auto const value = responses_.next();
        if (!value || !*value) return true;
        understand(**value);
    }
}

void client::understand(std::string_view value) {
    if (!value.starts_with("\x81\xa3"
                           "ack"))
        return;
    auto* const message = course_.message_of(value.substr(6));
    if (message == nullptr) return;
    message->is_acked = true;
    patience_until_ = course_.time.now + ack_timeout;
    auto const found = std::ranges::find(to_send_, message);
    if (found == to_send_.end()) return;
    if (found - to_send_.begin() < static_cast<std::ptrdiff_t>(next_)) --next_;
    to_send_.erase(found);
}

void client::write() {
    if (written_.empty()) {
        written_ = to_send_[next_]->bytes;
        ++next_;
    }
    auto const cut = chance_.in(3) ? 1 + chance_.below(written_.size()) : written_.size();
    link_->write(written_.substr(0, cut));
    written_.erase(0, cut);
    if (!written_.empty() || how_.wants_acks) return;
    to_send_.erase(to_send_.begin(), to_send_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
}

}  // namespace logpipe::sim
