#include "produce_runs.hpp"

#include "core/log.hpp"
#include "hop_pump.hpp"
#include "stall_timer.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

using namespace std::chrono_literals;

result<produce_runs::parts> produce_runs::make(std::string const& uri) const {
    endpoints ends{options_, shared_};
    auto dead = ends.make_dead_letters(hop_.dead_letters);
    if (!dead) return dead.error();
    auto hop = hop_;
    hop.from = uri;
    auto to = make_sink_of(hop, ends);
    if (!to) return to.error();
    auto moving = make_pump_of(hop, hop.name, ends, *std::move(to), dead->get());
    if (!moving) return moving.error();
    return parts{.dead = *std::move(dead), .hop = *std::move(moving)};
}

result<> produce_runs::check() const {
    auto const made = make(hop_.from);
    return made ? result<>{} : made.error();
}

web::produce_response produce_runs::run(web::produce_request const& what) {
    if (auto const most = options_.count("produce-lines-max"); most != 0 && what.demo_lines > most)
        return {.status = 400,
                .message = fmt::format("{} lines are more than the {} of one run (--produce-lines-max).",
                                       what.demo_lines, most),
                .events = 0};
    auto const uri = what.demo.empty() ? hop_.from : "demo:nginx?" + what.demo;
    auto done = carry_out(uri);
    auto const& counts = done.book.counts;
    if (done.answer.status == 200)
        log_info("produce: {}: {} lines read, {} acked by {}, {} of them dead letters", without_login(uri), counts.in,
                 done.answer.events, goal_, counts.dead);
    else if (done.answer.status == 409)
        log_info("produce: {}: stopped on request: {} lines read, {} acked by {}", without_login(uri), counts.in,
                 done.answer.events, goal_);
    else
        log_error("produce: {} failed after {} lines read and {} acked: {}", without_login(uri), counts.in,
                  done.answer.events, done.answer.message);
    return std::move(done.answer);
}

produce_runs::ended produce_runs::carry_out(std::string const& uri) {
    auto const failed = [](std::string reason) { return ended{{.status = 502, .message = std::move(reason)}, {}}; };
    auto made = make(uri);
    if (!made) return failed(made.error().message);
    std::shared_ptr<runtime::pump> const moving = std::move(made->hop.moving);
    {
        mutex_lock const lock{mutex_};
        if (stopping_) return failed("the server is stopping");
        now_ = moving;
        ends_ = made->hop.ends;
        cancelled_ = false;
    }
    moving->start();
    auto done = wait(*moving, give_up_after(options_, uri));
    mutex_lock const lock{mutex_};
    before_ += done.book.counts;
    now_.reset();
    return done;
}

void produce_runs::stop() {
    mutex_lock const lock{mutex_};
    stopping_ = true;
    if (now_) now_->stop();
}

bool produce_runs::cancel() {
    mutex_lock const lock{mutex_};
    if (!now_) return false;
    cancelled_ = true;
    now_->stop();
    return true;
}

bool produce_runs::is_cancelled() const {
    mutex_lock const lock{mutex_};
    return cancelled_;
}

void produce_runs::abandon() {
    mutex_lock const lock{mutex_};
    if (now_) now_->abandon();
}

bool produce_runs::busy() const {
    mutex_lock const lock{mutex_};
    return now_ != nullptr;
}

bool produce_runs::end(std::function<bool()> const& impatient) {
    stop();
    auto const end = std::chrono::steady_clock::now() + options_.duration("drain-timeout");
    while (busy() && std::chrono::steady_clock::now() < end && !impatient()) {
    }
    bool const drained = !busy();
    abandon();
    return drained;
}

produce_runs::figures produce_runs::snapshot() const {
    mutex_lock const lock{mutex_};
    figures all{.book = {.counts = before_, .in_flight = 0}, .now = std::nullopt, .stopping = stopping_};
    if (!now_) return all;
    all.now = now_->snapshot();
    runtime::name_ends(*all.now, ends_);
    all.book.counts += all.now->book.counts;
    all.book.in_flight = all.now->book.in_flight;
    all.book.taken = all.now->book.taken;
    return all;
}

std::string produce_runs::bound_of(pump_snapshot const& run) const {
    auto const lines_max = options_.count("produce-lines-max");
    auto const bytes_max = options_.bytes("produce-bytes-max");
    if (lines_max != 0 && run.this_run.in > lines_max) return fmt::format("--produce-lines-max {}", lines_max);
    if (bytes_max != 0 && run.bytes_in > bytes_max)
        return fmt::format("--produce-bytes-max {}", options_.text("produce-bytes-max"));
    return {};
}

produce_runs::ended produce_runs::wait(runtime::pump& moving, std::chrono::milliseconds give_up_after) const {
    stall_timer waiting{give_up_after};
    std::string bound;
    while (!moving.wait_until(std::chrono::steady_clock::now() + 100ms)) {
        auto const now = moving.snapshot();
        if (bound.empty()) {
            bound = bound_of(now);
            if (!bound.empty()) moving.stop();
        }
        if (waiting.expired(now)) moving.abandon();
    }
    auto const last = moving.snapshot();
    auto const events = last.book.counts.in - last.book.not_safe();
    auto const failure = moving.failure();
    if (!failure && !bound.empty())
        return {{.status = 413,
                 .message =
                     fmt::format("The run was ended at its bound, {}: {} events are safe at {}.", bound, events, goal_),
                 .events = events},
                last.book};
    if (!failure && is_cancelled())
        return {{.status = 409,
                 .message = fmt::format("The run was stopped: {} events are safe at {}.", events, goal_),
                 .events = events},
                last.book};
    if (!failure)
        return {{.status = 200, .message = fmt::format("{} events are safe at {}", events, goal_), .events = events},
                last.book};
    auto reason = failure->message;
    for (auto const& stage : last.stages)
        if (!stage.up) reason += fmt::format("; {}: {}", stage.name, stage.reason);
    return {{.status = 502, .message = reason, .events = events}, last.book};
}

}  // namespace logpipe::cli
