#include "runtime/supervisor.hpp"

#include "core/log.hpp"
#include "core/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::runtime {

using namespace std::chrono_literals;

namespace {

/// `timeout` and others signal a process and then its group: that is one request.
constexpr auto same_request = 1s;
constexpr auto line_pause = 1s;
/// An abandoned pump's threads have this long to end; its destructor waits for them anyway.
constexpr auto gone_time = 10s;

void log_stages_down(std::string_view name, pump_snapshot const& of) {
    for (auto const& stage : of.stages)
        if (!stage.up) log_error("{}: {} is down: {}", name, stage.name, stage.reason);
}

}  // namespace

void name_ends(pump_snapshot& of, hop_ends const& ends) {
    of.stages.front().title = ends.source_title;
    of.stages.front().target = ends.source_target;
    if (of.stages.size() > 2) of.stages[1].title = ends.transform_title;
    of.stages.back().title = ends.sink_title;
    of.stages.back().target = ends.sink_target;
}

supervisor::supervisor(std::string name, std::vector<supervised_pump> pumps, options how)
    : name_{std::move(name)}, pumps_{std::move(pumps)}, how_{std::move(how)}, not_started_{pumps_.size()} {}

supervisor_state supervisor::step(bool stop) {
    auto const now = how_.world.steady();
    switch (state_) {
        case supervisor_state::starting:
            if (stop)
                begin_to_drain(now, stop);
            else if (start_next())
                state_ = supervisor_state::running;
            break;
        case supervisor_state::running:
            if (stop || end_wanted_ || has_ended()) begin_to_drain(now, stop);
            break;
        case supervisor_state::stopping:
            state_ = supervisor_state::draining;
            [[fallthrough]];
        case supervisor_state::draining:
            while (draining_ < pumps_.size())
                if (!drain_next(now, stop)) return state_;
            state_ = supervisor_state::ended;
            break;
        case supervisor_state::ended:
            break;
    }
    return state_;
}

/// Starts pumps until one has to be open before the next. @return whether all are started
bool supervisor::start_next() {
    while (true) {
        if (not_started_ < pumps_.size()) {
            auto const& newest = pumps_[not_started_];
            bool const waits = newest.opens_first && !newest.moving->snapshot().started &&
                               !newest.moving->wait_until(how_.world.steady());
            if (waits) return false;
        }
        if (not_started_ == 0) return true;
        pumps_[--not_started_].moving->start();
    }
}

bool supervisor::has_ended() const {
    // Where one failed for good, what it left undone is where it was, and only an operator can help.
    if (std::ranges::any_of(pumps_, [](auto const& each) { return each.moving->failure().has_value(); })) return true;
    return std::ranges::all_of(pumps_, [](auto const& each) { return each.moving->snapshot().finished; });
}

void supervisor::begin_to_drain(steady_time now, bool stop) {
    if (stop) log_info("{}: stopping, at most {} for what was taken in", name_, how_.drain_time_text);
    state_ = supervisor_state::stopping;
    began_ = now;
    // What was never started has nothing to drain.
    draining_ = not_started_;
}

/// @return whether the pump that is drained now has ended
bool supervisor::drain_next(steady_time now, bool stop) {
    auto& each = *pumps_[draining_].moving;
    if (!is_stopped_) {
        each.stop();
        is_stopped_ = true;
        next_line_ = now + line_pause;
    }
    if (each.wait_until(now) || (is_given_up_ && now >= gone_by_)) {
        ++draining_;
        is_stopped_ = is_given_up_ = false;
        return true;
    }
    if (is_given_up_) return false;
    bool const is_second = stop && now - began_ >= same_request;
    if (is_second || now >= began_ + how_.drain_time) {
        give_up(each, is_second ? "a second signal ended the drain" : "the drain timed out");
        gone_by_ = now + gone_time;
    } else if (now >= next_line_) {
        auto const left = std::chrono::duration_cast<std::chrono::seconds>(began_ + how_.drain_time - now);
        auto const snapshot = each.snapshot();
        log_info("{}: draining, {} events left, {} s at most", snapshot.name, snapshot.book.not_safe(), left.count());
        next_line_ = now + line_pause;
    }
    return false;
}

void supervisor::give_up(pump& which, std::string_view because) {
    auto const left = which.snapshot();
    log_error("{}: {} with {} events not yet safe downstream; their senders still have them", left.name, because,
              left.book.not_safe());
    log_stages_down(left.name, left);
    which.abandon();
    is_given_up_ = true;
    drained_ = false;
}

void supervisor::abandon() {
    for (auto const& each : pumps_) each.moving->abandon();
}

bool supervisor::drained() const {
    auto const is_cancelled = [](supervised_pump const& each) {
        auto const failure = each.moving->failure();
        return failure && failure->code == errc::cancelled;
    };
    return drained_ && std::ranges::none_of(pumps_, is_cancelled);
}

std::optional<error> supervisor::failure() const {
    for (auto const& each : pumps_) {
        auto failure = each.moving->failure();
        if (!failure || failure->code == errc::cancelled) continue;
        return failure;
    }
    return std::nullopt;
}

std::vector<pump_snapshot> supervisor::pumps() const {
    std::vector<pump_snapshot> all;
    for (auto const& each : pumps_) name_ends(all.emplace_back(each.moving->snapshot()), each.ends);
    return all;
}

result<std::unique_ptr<tap_reader>> supervisor::open_tap(std::string_view stage, std::uint64_t sample) const {
    std::vector<std::string> known;
    auto const slash = stage.find('/');
    auto const part = stage.substr(slash == std::string_view::npos ? 0 : slash + 1);
    for (auto const& each : pumps_) {
        auto const now = each.moving->snapshot();
        if (slash == std::string_view::npos || stage.substr(0, slash) == now.name)
            if (auto reader = each.moving->tap(part, sample)) return reader;
        for (auto const& one : now.stages) known.push_back(fmt::format("{}/{}", now.name, one.name));
    }
    std::vector<std::string_view> names{known.begin(), known.end()};
    for (auto const& each : known) names.push_back(std::string_view{each}.substr(each.find('/') + 1));
    auto const near = nearest(stage, names);
    return error{errc::not_found, fmt::format("unknown stage \"{}\"; {}available: {}", stage,
                                              near.empty() ? std::string{} : fmt::format("did you mean \"{}\"? ", near),
                                              fmt::join(known, ", "))};
}

}  // namespace logpipe::runtime
