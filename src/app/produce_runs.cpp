#include "produce_runs.hpp"

#include "base/log.hpp"
#include "patience.hpp"

#include <fmt/format.h>

namespace logpipe {

using namespace std::chrono_literals;

produce_answer produce_runs::run(produce_request const& what) {
    auto const uri = what.demo.empty() ? source_ : "demo:nginx?" + what.demo;
    auto done = carry_out(uri);
    auto const& counts = done.book.counts;
    if (done.answer.status == 200)
        log_info("produce: {}: {} lines read, {} acked by {}, {} of them dead letters", without_login(uri), counts.in,
                 done.answer.events, goal_, counts.dead);
    else
        log_error("produce: {} failed after {} lines read and {} acked: {}", without_login(uri), counts.in,
                  done.answer.events, done.answer.message);
    return std::move(done.answer);
}

produce_runs::ended produce_runs::carry_out(std::string const& uri) {
    auto const refused = [](std::string why) { return ended{{.status = 502, .message = std::move(why)}, {}}; };
    auto made = make_(uri);
    if (!made) return refused(made.error().message);
    std::shared_ptr<pump> const moving = std::move(made->moving);
    {
        std::lock_guard const lock{mutex_};
        if (stopping_) return refused("the server is stopping");
        now_ = moving;
    }
    moving->start();
    auto done = wait(*moving, give_up_after(options_, uri));
    std::lock_guard const lock{mutex_};
    before_ += done.book.counts;
    now_.reset();
    return done;
}

void produce_runs::stop() {
    std::lock_guard const lock{mutex_};
    stopping_ = true;
    if (now_) now_->stop();
}

void produce_runs::abandon() {
    std::lock_guard const lock{mutex_};
    if (now_) now_->abandon();
}

bool produce_runs::busy() const {
    std::lock_guard const lock{mutex_};
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

produce_runs::figures produce_runs::look() const {
    std::lock_guard const lock{mutex_};
    figures all{.book = {.counts = before_, .in_flight = 0}, .now = std::nullopt, .stopping = stopping_};
    if (!now_) return all;
    all.now = now_->snapshot();
    all.book.counts += all.now->book.counts;
    all.book.in_flight = all.now->book.in_flight;
    return all;
}

produce_runs::ended produce_runs::wait(pump& moving, std::chrono::milliseconds give_up_after) const {
    patience waiting{give_up_after};
    while (!moving.wait_until(std::chrono::steady_clock::now() + 200ms))
        if (waiting.is_out(moving.snapshot())) moving.abandon();
    auto const last = moving.snapshot();
    auto const events = last.book.counts.in - last.book.in_flight;
    auto const failure = moving.failure();
    if (!failure)
        return {{.status = 200, .message = fmt::format("{} events are safe at {}", events, goal_), .events = events},
                last.book};
    auto why = failure->message;
    for (auto const& stage : last.stages)
        if (!stage.up) why += fmt::format("; {}: {}", stage.name, stage.why);
    return {{.status = 502, .message = why, .events = events}, last.book};
}

}  // namespace logpipe
