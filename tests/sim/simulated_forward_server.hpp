// The forward server without threads and sockets: the real inbox, group and sessions, stepped in virtual time, and a
// pump that brings batches to a memory sink and commits them.
#pragma once

#include "client_watch.hpp"
#include "forward_messages.hpp"
#include "session_stepper.hpp"
#include "support/looking.hpp"
#include "support/short_memory.hpp"
#include "world/simulated_link.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <deque>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

using sim::simulated_link;
using sim::virtual_time;

struct server_faults {
    bool memory = false;          ///< it is short now and then
    bool is_slow = false;         ///< the sink
    bool promises_early = false;  ///< a wrong pump: it says safe before it is
};

/// From its start until its end, or until it is killed by destruction.
class simulated_forward_server final {
  public:
    simulated_forward_server(forward::forward_source_options const& options, forward_store& store, server_faults faults,
                             std::mt19937_64& random, virtual_time& time)
        : options_{options},
          limits_{.message_bytes_max = options.message_bytes_max},
          store_{store},
          faults_{faults},
          random_{random},
          time_{time},
          inbox_{forward::event_decoder{{.limits = limits_, .parts = {.timeout = options.partial_timeout}}},
                 options.pending_bytes_max, process_memory(), "forward events"},
          group_{options_, limits_, inbox_, time.world(system_files(), random), [this] { wake(); }},
          watch_{group_.context().peers,
                 {.first_message = options.first_message_timeout, .message = options.message_timeout}} {
        group_.context().events.add_feeder();  // the acceptor
        next_watch_ = time_.now + watch_.interval();
    }
    ~simulated_forward_server() {
        for (auto const& each : links_) each->close("the process is gone");
    }
    simulated_forward_server(simulated_forward_server const&) = delete;
    simulated_forward_server& operator=(simulated_forward_server const&) = delete;

    /// @return none where it takes no more, or has no slot
    [[nodiscard]] std::shared_ptr<simulated_link> accept() {
        if (!accepts_) return nullptr;
        if (group_.context().peers.is_full()) {
            group_.context().peers.evict_newcomer();
            return nullptr;
        }
        auto link = std::make_shared<simulated_link>(time_, [this](std::string_view bytes) { on_send(bytes); });
        auto peer = std::make_shared<forward::forward_peer>();
        peer->link = link;
        if (!group_.admit(peer)) return nullptr;
        links_.push_back(link);
        sessions_.push_back({.link = link, .peer = peer, .steps = {peer, group_.context()}});
        return link;
    }
    void stop() {
        if (!group_.stop()) return;
        faults_.memory = false;
        drain_ends_ = group_.context().events.drain_until();
    }
    [[nodiscard]] bool is_stopping() const noexcept { return group_.context().events.stopping(); }
    /// What came is safe, and nothing more will.
    [[nodiscard]] bool has_ended() const noexcept { return input_ended_ && read_.empty(); }
    /// Sends the acks that are due, and closes all after `wait`.
    void abandon() { group_.abandon(); }
    void close_all() { group_.close_all(); }

    /// One of the things that are due, by chance. @return false: there is none
    bool step() {
        for (auto const& each : links_) each->keep_deadline();
        std::vector<std::function<void()>> due;
        for (auto& each : sessions_)
            if (is_due(each)) due.emplace_back([&] { step(each); });
        if (is_stopping() && accepts_) due.emplace_back([&] { end_accepting(); });
        if (acks_posted_) due.emplace_back([&] { send_acks(); });
        if (room_posted_) due.emplace_back([&] { give_room(); });
        if (drain_ends_ <= time_.now) due.emplace_back([&] { end_drain(); });
        if (watch_.is_needed() && next_watch_ <= time_.now && !is_stopping()) due.emplace_back([&] { watch(); });
        if (next_tend_ <= time_.now && !is_stopping()) due.emplace_back([&] { tend(); });
        if (read_.size() < read_max && has_input()) due.emplace_back([&] { read(); });
        if (!read_.empty() && read_.front().stored_at <= time_.now) due.emplace_back([&] { store(); });
        if (due.empty()) return false;
        due[pick(due.size())]();
        return true;
    }
    /// When the next thing is.
    [[nodiscard]] steady_time due() const {
        auto earliest = drain_ends_;
        if (watch_.is_needed() && !is_stopping()) earliest = std::min(earliest, next_watch_);
        if (!is_stopping()) earliest = std::min(earliest, next_tend_);
        if (!read_.empty()) earliest = std::min(earliest, read_.front().stored_at);
        for (auto const& each : sessions_)
            if (each.wait.what == forward::session_wait::kind::pause) earliest = std::min(earliest, each.pause_until);
        for (auto const& each : links_) earliest = std::min(earliest, each->deadline());
        return earliest;
    }

    [[nodiscard]] double counted(std::string_view name) const {
        stage_status status;
        group_.describe(status);
        watch_.describe(status);
        return gauge_of(status, name);
    }
    [[nodiscard]] forward::event_decoder_counts decoded() const { return inbox_.counts(); }
    [[nodiscard]] bool has_sessions() const noexcept { return !sessions_.empty(); }
    [[nodiscard]] std::size_t closed_for(std::string_view reason) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            links_, [&](auto const& each) { return each->close_reason().find(reason) != std::string::npos; }));
    }

    // What it was seen to do.
    std::function<void(std::string_view)> on_ack;  ///< with the chunk's name, as the ack leaves
    std::size_t rejections_sent = 0;
    std::size_t acks_sent = 0;
    std::size_t events_read = 0;
    std::size_t rejections_read = 0;
    std::size_t memory_pauses = 0;
    std::size_t exceptions = 0;  ///< of memory that was short where no client waits for it: its connection is closed

  private:
    using kind = forward::session_wait::kind;
    static constexpr std::size_t read_max = 3;
    static constexpr std::size_t short_memory_bytes = 8'000;
    static constexpr std::size_t short_ack_bytes = 40;

    struct session {
        std::shared_ptr<simulated_link> link;
        std::shared_ptr<forward::forward_peer> peer;
        forward::session_stepper steps;
        forward::session_wait wait{.what = kind::pause, .space = {}};
        steady_time pause_until;
        bool is_woken = false;
    };
    struct read_batch {
        batch events;
        steady_time stored_at;
    };

    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }

    [[nodiscard]] bool is_due(session const& one) const {
        switch (one.wait.what) {
            case kind::bytes:
                return one.link->can_read();
            case kind::room:
                return one.is_woken;
            case kind::pause:
                return one.pause_until <= time_.now;
            case kind::none:
                break;
        }
        return false;
    }
    void step(session& one) {
        try {
            std::optional<short_memory> shortage;
            if (faults_.memory && pick(8) == 0) shortage.emplace(short_memory_bytes);
            if (one.wait.what == kind::bytes) read(one);
            one.wait = one.steps.step();
        } catch (std::exception const& what) {
            ++exceptions;
            one.steps.fail({errc::protocol, what.what()});
            one.wait = one.steps.step();
        }
        one.is_woken = false;
        one.pause_until = time_.now + one.wait.pause;
        if (one.wait.pause == std::chrono::milliseconds{500}) ++memory_pauses;
        if (one.wait.what != kind::none) return;
        auto const peer = one.peer;
        std::erase_if(sessions_, [&](session const& each) { return each.peer == peer; });
        group_.left(peer);
    }
    void read(session& one) {
        auto const space = one.wait.space.first(pick(4) == 0 ? 1 + pick(one.wait.space.size()) : one.wait.space.size());
        if (auto const bytes = one.link->read(space); bytes > 0)
            one.steps.received(bytes);
        else
            one.steps.ended(one.link->failure());
    }
    void wake() {
        for (auto& each : sessions_) each.is_woken = each.wait.what == kind::room;
    }

    void end_accepting() {
        accepts_ = false;
        group_.context().events.feeder_left();
    }
    void send_acks() {
        acks_posted_ = false;
        std::optional<short_memory> shortage;
        if (faults_.memory && pick(8) == 0) shortage.emplace(short_ack_bytes);
        group_.send_due_acks();
    }
    void give_room() {
        room_posted_ = false;
        wake();
    }
    void end_drain() {
        drain_ends_ = steady_time::max();
        wake();
    }
    void watch() {
        next_watch_ = time_.now + watch_.interval();
        watch_.check(watch_.interval());
    }

    void tend() {
        next_tend_ = time_.now + options_.partial_timeout / 4;
        group_.context().events.tend();
    }

    [[nodiscard]] bool has_input() const {
        return inbox_.bytes() > 0 || (is_stopping() && !accepts_ && sessions_.empty() && !input_ended_);
    }
    void read() {
        batch taken;
        bool made_room = false;
        input_ended_ = inbox_.take(taken, steady_time{}, made_room) == forward::inbox::taken::closed_and_empty;
        room_posted_ = room_posted_ || made_room;
        if (taken.empty()) return;
        events_read += taken.events.size();
        rejections_read += taken.rejections.size();
        if (faults_.promises_early) commit(taken.end_offset);
        auto const wait = std::chrono::milliseconds{pick(faults_.is_slow ? 3'000 : 20)};
        read_.push_back({.events = std::move(taken), .stored_at = time_.now + wait});
    }
    void store() {
        store_.insert(read_.front().events);
        commit(read_.front().events.end_offset);
        read_.pop_front();
    }
    void commit(std::uint64_t safe) { acks_posted_ = group_.safe_until(safe) || acks_posted_; }

    void on_send(std::string_view bytes) {
        if (bytes.starts_with("\x95\xa4PONG\xc2")) ++rejections_sent;
        // Names of chunks are short, so that one byte says how long each is.
        while (
            bytes.starts_with("\x81\xa3"
                              "ack")) {
            auto const name = bytes.substr(6, static_cast<unsigned char>(bytes[5]) & 0x1fU);
            ++acks_sent;
            on_ack(name);
            bytes.remove_prefix(6 + name.size());
        }
    }

    forward::forward_source_options const options_;
    forward::forward_limits const limits_;
    forward_store& store_;
    server_faults faults_;
    std::mt19937_64& random_;
    virtual_time& time_;
    forward::inbox inbox_;
    forward::session_group group_;
    forward::client_watch watch_;
    std::list<session> sessions_;
    std::vector<std::shared_ptr<simulated_link>> links_;  // all that there were
    std::deque<read_batch> read_;
    bool accepts_ = true;
    bool acks_posted_ = false;
    bool room_posted_ = false;
    bool input_ended_ = false;
    steady_time drain_ends_ = steady_time::max();
    steady_time next_watch_;
    steady_time next_tend_;
};

}  // namespace logpipe::test
