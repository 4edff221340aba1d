// A client of the forward protocol that is as unreliable as its network: it cuts its bytes anywhere, breaks off, falls
// silent, and sends again what was not acked.
#pragma once

#include "forward_messages.hpp"
#include "handshake.hpp"
#include "msgpack_stream.hpp"
#include "world/simulated_link.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

using sim::simulated_link;
using sim::virtual_time;

/// One connection as its client sees it; kept after its end, for the sums.
struct client_connection {
    std::shared_ptr<simulated_link> link;
    std::vector<std::pair<std::size_t, forward_message_sent*>> ends;  ///< where each message ends in what was written
    std::size_t written_bytes = 0;
    bool is_refused = false;  ///< at its login: whatever came with it is not taken

    /// Those that the server has read to their last byte.
    template <class Action>
    void for_each_read(Action const& action) const {
        for (auto const& [end, message] : ends)
            if (!is_refused && end <= link->read_bytes()) action(*message);
    }
};

class simulated_forward_client final {
  public:
    struct traits {
        bool wants_acks = true;
        bool has_login = false;
        double faults = 0;  ///< how often, of its actions
    };
    static constexpr std::chrono::seconds ack_timeout{30};

    simulated_forward_client(traits how, forward_messages& messages, std::mt19937_64& random, virtual_time const& time)
        : how_{how}, messages_{messages}, random_{random}, time_{time} {}

    /// With something to send; or without, to take a slot in silence.
    [[nodiscard]] bool wants_connection() {
        return connect_at_ <= time_.now && (!is_done() || (how_.faults > 0 && pick(10) == 0));
    }
    [[nodiscard]] bool is_connected() const noexcept { return connection_ != nullptr; }
    void connect(std::shared_ptr<client_connection> connection) {
        connection_ = std::move(connection);
        responses_ = forward::msgpack_stream{1U << 20U};
        is_let_in_ = !how_.has_login;
        has_ended_ = false;
        next_ = 0;
        written_.clear();
        patience_until_ = time_.now + ack_timeout;
    }
    void connect_later() { connect_at_ = time_.now + std::chrono::milliseconds{1 + pick(1'000)}; }
    void make_message() {
        if (to_send_.size() < 50) to_send_.push_back(&messages_.make(how_.wants_acks));
    }
    void stop_faults() { how_.faults = 0; }
    /// All that it wanted to say was said, and acked where it wants acks.
    [[nodiscard]] bool is_done() const noexcept { return to_send_.empty() && written_.empty(); }
    /// When it does something, whatever else happens.
    [[nodiscard]] steady_time due() const noexcept {
        if (is_done()) return steady_time::max();
        if (!connection_) return connect_at_;
        return silent_until_ > time_.now ? silent_until_ : patience_until_;
    }

    /// Whatever it does next. @return false: nothing, for now
    bool act() {
        if (!connection_ || silent_until_ > time_.now) return false;
        auto& link = *connection_->link;
        if (link.closed()) return disconnect();
        if (happens()) return misbehave();
        if (read()) return true;
        if (is_done() && pick(10) == 0) return leave(false);
        if (patience_until_ <= time_.now && !is_done()) return leave(how_.wants_acks);
        if (!is_let_in_ || has_ended_) return false;
        return write();
    }

  private:
    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }
    bool happens() { return std::uniform_real_distribution{}(random_) < how_.faults; }

    bool misbehave() {
        auto& link = *connection_->link;
        switch (pick(6)) {
            case 0:
                return leave(true);
            case 1:
                return leave(false);
            case 2:
                silent_until_ = time_.now + std::chrono::milliseconds{pick(100'000)};
                return true;
            case 3:
                if (!written_.empty() || has_ended_) return false;
                put("GET / HTTP/1.1\r\n\r\n");
                has_ended_ = true;  // nothing after it is understood
                return true;
            case 4:
                if (!written_.empty() || has_ended_) return false;
                put("\xc0");  // a heartbeat
                return true;
            default:
                has_ended_ = true;
                link.end_writing();
                return true;
        }
    }
    bool leave(bool is_reset) {
        connection_->link->leave(is_reset);
        return disconnect();
    }
    /// What was not acked is sent again. A client without acks never learns what became of its messages.
    bool disconnect() {
        connection_.reset();
        connect_later();
        written_.clear();
        if (!how_.wants_acks) to_send_.erase(to_send_.begin(), to_send_.begin() + static_cast<std::ptrdiff_t>(next_));
        return true;
    }

    bool read() {
        auto const bytes = connection_->link->take_sent(1 + pick(60));
        if (bytes.empty()) return false;
        std::memcpy(responses_.space().data(), bytes.data(), bytes.size());
        responses_.commit(bytes.size());
        while (connection_) {
            auto const value = responses_.next();
            if (!value || !*value) break;
            understand(**value);
        }
        return true;
    }
    void understand(std::string_view value) {
        if (value.starts_with("\x81\xa3"
                              "ack")) {
            if (auto* const message = messages_.of_chunk(value.substr(6))) acked(*message);
        } else if (auto const helo = forward::read_helo(value)) {
            connection_->is_refused = how_.faults > 0 && pick(10) == 0;
            auto const key = connection_->is_refused ? "wrong" : "key";
            put(forward::make_ping("client", {.shared_key = key, .nonce = helo->nonce, .salt = "salt"}, {}));
            is_let_in_ = pick(2) == 0;  // some wait for the answer
        } else if (value.starts_with("\x95\xa4PONG\xc3")) {
            is_let_in_ = true;
        }
    }
    void acked(forward_message_sent& message) {
        message.acked = true;
        patience_until_ = time_.now + ack_timeout;
        auto const found = std::ranges::find(to_send_, &message);
        if (found == to_send_.end()) return;
        if (found - to_send_.begin() < static_cast<std::ptrdiff_t>(next_)) --next_;
        to_send_.erase(found);
    }

    bool write() {
        if (written_.empty()) {
            if (next_ == to_send_.size()) return end_without_acks();
            if (next_ >= 4 && how_.wants_acks) return false;
            auto& message = *to_send_[next_++];
            written_ = message.bytes;
            connection_->ends.emplace_back(connection_->written_bytes + written_.size(), &message);
        }
        auto const cut = pick(3) == 0 ? written_.size() : 1 + pick(written_.size());
        put(written_.substr(0, cut));
        written_.erase(0, cut);
        return true;
    }
    /// One that is not acked may end its connection when all is written, now and then.
    bool end_without_acks() {
        if (how_.wants_acks || pick(20) != 0 || next_ == 0) return false;
        return leave(false);
    }
    void put(std::string_view bytes) {
        connection_->link->write(bytes);
        connection_->written_bytes += bytes.size();
    }

    traits how_;
    forward_messages& messages_;
    std::mt19937_64& random_;
    virtual_time const& time_;
    std::shared_ptr<client_connection> connection_;
    forward::msgpack_stream responses_{1U << 20U};
    bool is_let_in_ = true;
    bool has_ended_ = false;  // it writes no more over this connection
    std::vector<forward_message_sent*> to_send_;
    std::size_t next_ = 0;  // the first of them that was not begun over this connection
    std::string written_;   // what is left of it
    steady_time connect_at_;
    steady_time silent_until_;
    steady_time patience_until_;
};

}  // namespace logpipe::test
