// A client's connection without a network: what the client writes lies there until its session reads it, what the
// session sends until the client takes it, and deadlines are kept in virtual time.
#pragma once

#include "net/link.hpp"
#include "world/virtual_time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace logpipe::sim {

class simulated_link final : public net::link {
  public:
    /// @param on_send  sees what the session sends, also over a closed connection
    explicit simulated_link(virtual_time const& time, std::function<void(std::string_view)> on_send = {})
        : time_{time}, on_send_{std::move(on_send)} {}

    // The session's side.
    void send(std::shared_ptr<std::string const> bytes) override {
        if (on_send_) on_send_(*bytes);
        if (left_) close("Broken pipe");
        if (!closed_) sent_ += *bytes;
    }
    std::size_t unsent_bytes() const noexcept override { return sent_.size(); }
    void close(std::string reason) override {
        if (std::exchange(closed_, true)) return;
        reason_ = std::move(reason);
        sent_.clear();
        clear_deadline();
    }
    bool closed() const noexcept override { return closed_; }
    std::string const& close_reason() const noexcept override { return reason_; }
    void stop_reading_after(std::chrono::steady_clock::duration wait) override {
        deadline_ = time_.now + wait;
        deadline_closes_ = false;
    }
    void close_after(std::chrono::steady_clock::duration wait, std::string reason) override {
        deadline_ = time_.now + wait;
        deadline_closes_ = true;
        deadline_reason_ = std::move(reason);
    }
    void clear_deadline() override { deadline_ = steady_time::max(); }

    // The client's side.
    void write(std::string_view bytes) { written_ += bytes; }
    /// All that it has written is still read.
    void end_writing() { ended_ = true; }
    /// A broken network: the last byte is lost.
    void drop_byte() {
        if (!written_.empty()) written_.pop_back();
    }
    /// It takes nothing more. @param is_reset  and what it has written and was not read is lost
    void leave(bool is_reset) {
        left_ = ended_ = true;
        if (is_reset) {
            written_.clear();
            failure_ = "Connection reset by peer";
        }
        if (!sent_.empty()) close("Broken pipe");
    }
    /// The first `count` bytes of what was sent.
    std::string take_sent(std::size_t count = std::string::npos) {
        auto taken = sent_.substr(0, count);
        sent_.erase(0, taken.size());
        return taken;
    }

    // The carrier's.
    [[nodiscard]] steady_time deadline() const noexcept { return deadline_; }
    void keep_deadline() {
        if (time_.now < deadline_) return;
        clear_deadline();
        if (deadline_closes_)
            close(deadline_reason_);
        else
            ended_ = true;
    }
    /// A read would not wait.
    [[nodiscard]] bool can_read() const noexcept { return closed_ || ended_ || !written_.empty(); }
    /// @return how many came; 0: none will
    std::size_t read(std::span<char> into) {
        if (closed_) return 0;
        auto const count = std::min(into.size(), written_.size());
        std::copy_n(written_.begin(), count, into.begin());
        written_.erase(0, count);
        read_bytes_ += count;
        return count;
    }
    /// Why none will; empty: the client has ended.
    [[nodiscard]] std::string_view failure() const noexcept { return closed_ ? "Operation canceled" : failure_; }
    [[nodiscard]] std::size_t read_bytes() const noexcept { return read_bytes_; }

  private:
    virtual_time const& time_;
    std::function<void(std::string_view)> const on_send_;
    std::string written_;  // by the client, and not read
    std::string sent_;     // by the session, and not taken
    std::size_t read_bytes_ = 0;
    bool ended_ = false;
    bool left_ = false;
    std::string_view failure_;
    bool closed_ = false;
    std::string reason_;
    steady_time deadline_ = steady_time::max();
    bool deadline_closes_ = false;
    std::string deadline_reason_;
};

}  // namespace logpipe::sim
