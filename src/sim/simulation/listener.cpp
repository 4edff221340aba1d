#include "listener.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t message_bytes_max = 8'000;

class listening_source final : public source {
  public:
    explicit listening_source(listener& from) : from_{from} {}

    result<> open() override { return {}; }
    std::string identity() const override { return "forward:simulated"; }
    result<> seek(std::span<position const> /*stored*/) override { return {}; }
    result<> read(batch& into, steady_time /*until*/) override { return from_.read(into); }
    result<> commit(std::span<progress const> safe) override {
        for (auto const& each : safe) from_.commit(each.safe.offset);
        return {};
    }
    void stop() override { from_.stop(); }
    void wake() override {}
    stage_status status() const override { return {.name = "forward_source"}; }

  private:
    listener& from_;
};

}  // namespace

listener::listener(course& of, environment world, chance& by, std::function<void(std::string_view)> on_ack)
    : course_{of},
      chance_{by},
      on_ack_{std::move(on_ack)},
      options_{.message_bytes_max = message_bytes_max, .connections_max = 8, .pending_bytes_max = 3'000},
      limits_{.message_bytes_max = message_bytes_max},
      inbox_{forward::event_decoder{{.limits = limits_, .parts = {.timeout = options_.partial_timeout}}},
             options_.pending_bytes_max, *world.memory, "forward events"},
      group_{options_, limits_, inbox_, std::move(world), [this] { wake(); }} {
    group_.context().events.add_feeder();  // who accepts
}

listener::~listener() {
    for (auto const& each : sessions_) each.link->close("the process is gone");
}

std::shared_ptr<simulated_link> listener::accept() {
    if (!accepts_ || stops_) return nullptr;
    if (group_.context().peers.is_full()) {
        group_.context().peers.evict_newcomer();
        return nullptr;
    }
    auto link = std::make_shared<simulated_link>(course_.time, [this](std::string_view bytes) { on_send(bytes); });
    auto peer = std::make_shared<forward::forward_peer>();
    peer->link = link;
    if (!group_.admit(peer)) return nullptr;
    sessions_.push_back({.link = link, .peer = peer, .steps = {peer, group_.context()}});
    return link;
}

void listener::cut_connections() {
    for (auto const& each : sessions_) {
        each.link->leave(true);
        each.link->close("the network is cut");
    }
}

result<> listener::read(batch& into) {
    bool made_room = false;
    auto const taken = inbox_.take(into, steady_time{}, made_room);
    room_posted_ = room_posted_ || made_room;
    if (taken == forward::inbox::taken::closed_and_empty) return error{errc::end_of_input, "forward: stopped"};
    if (taken == forward::inbox::taken::events) into.origin = "forward";
    return {};
}

void listener::stop() {
    if (stops_ || !group_.stop()) return;
    stops_ = true;
    drain_ends_ = group_.context().events.drain_until();
}

bool listener::is_due(session const& one, steady_time now) {
    switch (one.wait.what) {
        case kind::bytes:
            return one.link->can_read();
        case kind::room:
            return one.is_woken;
        case kind::pause:
            return one.pause_until <= now;
        case kind::none:
            break;
    }
    return false;
}

steady_time listener::due() const {
    auto const now = course_.time.now;
    if (acks_posted_ || room_posted_ || (stops_ && accepts_)) return now;
    auto earliest = drain_ends_;
    for (auto const& each : sessions_) {
        if (is_due(each, now)) return now;
        if (each.wait.what == kind::pause) earliest = std::min(earliest, each.pause_until);
        earliest = std::min(earliest, each.link->deadline());
    }
    return earliest;
}

void listener::step() {
    auto const now = course_.time.now;
    for (auto const& each : sessions_) each.link->keep_deadline();
    if (std::exchange(acks_posted_, false)) return group_.send_due_acks();
    if (std::exchange(room_posted_, false)) return wake();
    if (stops_ && std::exchange(accepts_, false)) return group_.context().events.feeder_left();
    if (drain_ends_ <= now) {
        drain_ends_ = steady_time::max();
        return wake();
    }
    std::vector<session*> ready;
    for (auto& each : sessions_)
        if (is_due(each, now)) ready.push_back(&each);
    if (!ready.empty()) step(*ready[chance_.below(ready.size())]);
}

void listener::step(session& one) {
    if (one.wait.what == kind::bytes) {
        auto const space = one.wait.space;
        if (auto const bytes = one.link->read(space); bytes > 0)
            one.steps.received(bytes);
        else
            one.steps.ended(one.link->failure());
    }
    one.wait = one.steps.step();
    one.is_woken = false;
    one.pause_until = course_.time.now + one.wait.pause;
    if (one.wait.what != kind::none) return;
    auto const peer = one.peer;
    std::erase_if(sessions_, [&](session const& each) { return each.peer == peer; });
    (void)group_.left(peer);
}

void listener::wake() {
    for (auto& each : sessions_) each.is_woken = each.wait.what == kind::room;
}

/// One message above the bound is let in.
bool listener::is_full_beyond_bounds() const {
    return inbox_.bytes() > options_.pending_bytes_max + 2 * message_bytes_max;
}

void listener::on_send(std::string_view bytes) const {
    // Names of chunks are short, so that one byte says how long each is.
    while (
        bytes.starts_with("\x81\xa3"
                          "ack")) {
        auto const name = bytes.substr(6, static_cast<unsigned char>(bytes[5]) & 0x1fU);
        on_ack_(name);
        bytes.remove_prefix(6 + name.size());
    }
}

std::unique_ptr<source> make_listening_source(listener& from) {
    return std::make_unique<listening_source>(from);
}

}  // namespace logpipe::sim
