#include "history.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t clients_count = 4;
constexpr auto end_time_max = 20min;  // for all to get through, once faults are over
constexpr std::uint64_t check_steps = 64;
constexpr std::uint64_t quiet_steps = 200;

}  // namespace

history::history(history_options const& options, fault_list const& faults)
    : options_{options},
      faults_{faults},
      course_{options.seed},
      chance_{course_.seed_of(100)},
      broker_{course_, course_.seed_of(101)},
      store_{course_, course_.seed_of(102), options.has_wrong_store} {
    for (std::uint32_t i = 0; i < 2; ++i) {
        forwarders_.push_back(
            std::make_unique<forwarder>(course_, broker_, fmt::format("forwarder {}", i + 1), 1U << i));
        indexers_.push_back(
            std::make_unique<indexer>(course_, broker_, store_, fmt::format("indexer {}", i + 1), 4U << i));
    }
    for (auto const& each : forwarders_) machines_.push_back(each.get());
    for (auto const& each : indexers_) machines_.push_back(each.get());
    for (std::size_t i = 0; i < clients_count; ++i)
        clients_.push_back(std::make_unique<client>(
            course_, course_.seed_of(200 + i), client::traits{.wants_acks = i > 0, .pause_mean = 8s},
            forwarders_.size(), [this](std::size_t which) { return forwarders_.at(which)->accept(); }));
}

outcome history::run() {
    auto const end = course_.time.now + options_.length;
    go_on_until(end, [] { return false; });
    if (!course_.is_broken()) finish();
    auto how = course_.end();
    how.faults = next_fault_;
    return how;
}

steady_time history::due() const {
    auto earliest = broker_.due();
    for (auto const* each : machines_) earliest = std::min(earliest, each->due());
    for (auto const& each : clients_) earliest = std::min(earliest, each->due());
    return earliest;
}

/// Whatever is due, until `is_done` or `until`; where nothing is, time goes on.
template <class Condition>
void history::go_on_until(steady_time until, Condition const& is_done) {
    while (!course_.is_broken() && course_.time.now < until && !is_done()) {
        auto next = std::min(due(), until);
        if (next_fault_ < faults_.size() && !course_.are_faults_over) {
            auto const at = steady_time{1s} + faults_[next_fault_].at;
            if (at <= course_.time.now) {
                strike(faults_[next_fault_++]);
                continue;
            }
            next = std::min(next, at);
        }
        if (next > course_.time.now) {
            course_.time.now = next;
            continue;
        }
        step_one();
    }
}

void history::step_one() {
    auto const now = course_.time.now;
    auto const parts = machines_.size() + clients_.size() + 1;
    auto const first = chance_.below(parts);
    // The first that is due, from any on.
    for (std::size_t i = 0; i < parts; ++i) {
        auto const which = (first + i) % parts;
        if (which < machines_.size()) {
            if (machines_[which]->due() > now) continue;
            machines_[which]->step();
        } else if (which < parts - 1) {
            if (clients_[which - machines_.size()]->due() > now) continue;
            clients_[which - machines_.size()]->act();
        } else {
            if (broker_.due() > now) continue;
            broker_.step();
        }
        break;
    }
    course_.time.now += std::chrono::microseconds{chance_.below(200)};
    if (++steps_ % check_steps == 0) check();
}

void history::check() {
    machines_[chance_.below(machines_.size())]->check();
}

void history::strike(fault const& what) {
    chance by{what.chance};
    if (what.what <= fault::kind::clock_jump)
        strike_machine(what, by);
    else
        strike_others(what, by);
}

void history::strike_machine(fault const& what, chance& by) {
    auto& which = *machines_[by.below(machines_.size())];
    auto const until = course_.time.now + 1s + by.about(10s);
    switch (what.what) {
        case fault::kind::power_cut:
            return by.in(3) ? which.cut_power() : which.cut_power_in_between();
        case fault::kind::kill:
            return which.kill();
        case fault::kind::orderly_stop:
            return which.stop_in_order();
        case fault::kind::lost_tail:
            return forwarders_[by.below(forwarders_.size())]->lose_tail();
        case fault::kind::failing_syncs:
            return which.fail_syncs_until(until);
        case fault::kind::failing_disk:
            return which.fail_disk_until(until);
        case fault::kind::full_disk:
            return which.fill_disk_until(until);
        default:
            // Never back where an operator retries dead letters: see docs/internals/dead-letters.md.
            bool const may_go_back = &which == forwarders_[0].get() || &which == forwarders_[1].get();
            return which.jump_clock(std::chrono::seconds{by.below(7'200)} - (may_go_back && by.in(2) ? 2h : 0h));
    }
}

void history::strike_others(fault const& what, chance& by) {
    auto const until = course_.time.now + 1s + by.about(15s);
    auto const seconds = (until - course_.time.now) / 1s;
    switch (what.what) {
        case fault::kind::cut_connections:
            return forwarders_[by.below(forwarders_.size())]->cut_connections();
        case fault::kind::kafka_away:
            course_.tell(fmt::format("Kafka is away for {} s", seconds));
            return broker_.leave_until(until);
        case fault::kind::kafka_reports_lost:
            course_.tell(fmt::format("Kafka is slow, and its delivery reports get lost, for {} s", seconds));
            return broker_.lose_reports_until(until);
        case fault::kind::rebalance:
            course_.tell("the group is rebalanced");
            return broker_.rebalance();
        case fault::kind::member_cut_off:
            return indexers_[by.below(indexers_.size())]->cut_off_until(until);
        case fault::kind::store_away:
            course_.tell(fmt::format("the store is away for {} s", seconds));
            return store_.leave_until(until);
        case fault::kind::store_busy:
            course_.tell(fmt::format("the store is busy for {} s", seconds));
            return store_.be_busy_until(until);
        case fault::kind::store_resets:
            course_.tell(fmt::format("the store's responses get lost for {} s", seconds));
            return store_.reset_until(until);
        case fault::kind::slow_store:
            course_.tell(fmt::format("the store is slow for {} s", seconds));
            return store_.be_slow_until(until);
        case fault::kind::letters_retried:
            if (by.in(3) && !store_.is_corrected()) {
                course_.tell("the store's mapping is corrected");
                store_.correct_mapping();
            }
            return indexers_[by.below(indexers_.size())]->retry_letters();
        default:
            break;
    }
}

bool history::is_quiet() {
    return std::ranges::all_of(clients_, [](auto const& each) { return each->is_done(); }) && broker_.is_read() &&
           std::ranges::all_of(machines_, [](auto* each) { return each->unrest().empty(); });
}

/// Without faults all gets through.
void history::finish() {
    course_.tell("faults end");
    course_.are_faults_over = true;
    broker_.end_faults();
    store_.end_faults();
    for (auto* each : machines_) each->end_faults();
    std::uint64_t looks = 0;
    bool is_done = false;
    go_on_until(course_.time.now + end_time_max, [&] { return is_done = ++looks % quiet_steps == 0 && is_quiet(); });
    if (!is_done && !course_.is_broken()) {
        std::string words = "not all gets through: ";
        if (!broker_.is_read()) words += "Kafka has what nobody has read; ";
        if (std::ranges::any_of(clients_, [](auto const& each) { return !each->is_done(); }))
            words += "clients wait for acks; ";
        for (auto* each : machines_) words += each->unrest();
        course_.wrong(invariant::no_stall, std::move(words));
    }
    if (!course_.is_broken()) check_all();
}

/// Each promised event once, where it belongs.
void history::check_all() {
    for (auto& each : course_.events()) each.has_letter = false;  // an operator may have seen one that is resolved now
    for (auto* each : machines_) {
        each->check();
        each->look_through_letters();
    }
    for (auto const& each : course_.events()) {
        auto const shown = each.record.substr(0, 60);
        if (each.promised_by != 0 && !each.document && !each.has_letter)
            course_.wrong(invariant::stored,
                          fmt::format("{} was acknowledged, and is neither stored nor a dead letter", shown));
        if (each.document && each.has_letter && each.kind != event_kind::curable)
            course_.wrong(invariant::stored_once, fmt::format("{} is stored, and a dead letter", shown));
    }
}

outcome run_history(history_options const& options, fault_list const& faults) {
    return history{options, faults}.run();
}

}  // namespace logpipe::sim
