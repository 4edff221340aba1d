#include "runtime/pump.hpp"

#include "core/assert.hpp"
#include "core/backoff.hpp"
#include "core/bounded_queue.hpp"
#include "core/log.hpp"
#include "core/thread.hpp"
#include "flush_delay.hpp"
#include "pump_state.hpp"
#include "rejected.hpp"

#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <utility>

namespace logpipe::runtime {

namespace {

using namespace std::chrono_literals;

class stage_pump final : public pump, private completions {
  public:
    stage_pump(pump_stages stages, pump_options options)
        : options_{std::move(options)},
          stages_{std::move(stages)},
          state_{options_},
          to_transform_{bounds()},
          to_sink_{bounds()},
          refused_{{.count_max = SIZE_MAX, .bytes_max = SIZE_MAX}} {}

    ~stage_pump() override {
        if (source_thread_.joinable()) {
            abandon();
            source_thread_.join();  // which joins the others
        }
        stages_.to.reset();  // it may report until it is gone
        stages_.from.reset();
    }

    void start() override {
        source_thread_ = start_thread(options_.name + "-in", [this] { run_source(); });
    }

    void stop() override {
        stopping_ = true;
        stages_.from->stop();
        stages_.from->wake();
        state_.notify();
    }

    bool wait_until(steady_time until) override { return state_.wait_finished(until); }
    void abandon() override {
        state_.abandon();
        stop();
        stages_.to->cancel();
        if (stages_.dead != nullptr) stages_.dead->cancel();
        to_transform_.close();
        to_sink_.close();
        refused_.close();
    }

    std::optional<error> failure() const override { return state_.failure(); }

    pump_snapshot snapshot() const override {
        pump_snapshot out;
        state_.write_to(out);
        out.book.counts = out.this_run;
        // What the source has kept holds until the sink says that it has kept better figures.
        if (out.source_known) {
            out.book.counts += out.started && stored_before_ ? *stored_before_ : stages_.from->counted();
            out.book.passed = stages_.from->passed();
            out.book.counts.in += out.book.passed.all();
        }
        out.backlog = stages_.from->backlog();
        out.queued_batches = to_transform_.count() + to_sink_.count();
        out.queued_batches_max = options_.queue_batches_max * (stages_.change ? 2 : 1);
        out.stages.push_back(with_reason(stages_.from->status(), pump_stage::source));
        if (stages_.change) out.stages.push_back(stages_.change->status());
        out.stages.push_back(with_reason(stages_.to->status(), pump_stage::sink));
        if (!out.started && !out.finished && out.stages.back().up) {
            out.stages.back().up = false;
            out.stages.back().why = "it is being opened";
        }
        return out;
    }

    std::unique_ptr<tap_reader> tap(std::string_view stage, std::uint64_t sample) override {
        return state_.taps().add(stages_, options_.name, stage, sample);
    }

  private:
    queue_bounds bounds() const {
        return {.count_max = options_.queue_batches_max, .bytes_max = options_.queue_bytes_max};
    }
    backoff_options retry_pace() const { return {.first = options_.retry_first, .longest = options_.retry_longest}; }

    stage_status with_reason(stage_status status, pump_stage which) const {
        if (auto why = state_.down_reason(which); !why.empty()) {
            status.up = false;
            status.why = std::move(why);
        }
        return status;
    }

    // --- The source's thread. It starts the others once both ends are open, and ends last.

    void run_source() {
        if (open_ends()) {
            std::jthread const sink_thread = start_thread(options_.name + "-out", [this] { run_sink(); });
            std::jthread const transform_thread =
                stages_.change ? start_thread(options_.name + "-work", [this] { run_transform(); }) : std::jthread{};
            read_to_end();
            (stages_.change ? to_transform_ : to_sink_).close();
            while (!state_.all_safe() && !state_.abandoned()) {
                commit_progress();
                state_.wait_for_change(std::chrono::steady_clock::now() + 1s);
            }
            drained_ = true;
            to_sink_.wake();
            refused_.wake();
        }
        commit_progress();
        if (state_.abandoned()) state_.fail({errc::cancelled, "given up before everything was safe"});
        state_.finish();
    }

    bool open_ends() {
        if (!open_source()) {
            show_sink();
            return false;
        }
        state_.source_opened();
        backoff wait{retry_pace()};
        while (true) {
            auto opened = start_where_stored();
            if (opened) break;
            if (ends_at_start(pump_stage::sink, opened.error().code, {})) return ends(opened.error());
            state_.went_down(pump_stage::sink, opened.error());
            if (stopping_ || !state_.sleep_for(wait.next())) return false;
        }
        state_.came_up(pump_stage::sink);
        return true;
    }

    /// A run that ends names both of its ends that fail: the operator need not find the second one by another run.
    void show_sink() {
        if (!state_.failure() || state_.abandoned() || !options_.source_failure_is_final) return;
        if (auto opened = stages_.to->open(*this); !opened) state_.is_down(pump_stage::sink, opened.error());
    }

    bool ends(error const& why) {
        state_.fail(why);
        return false;
    }

    /// Tries until it is open. @return false when there is no use in going on.
    bool open_source() {
        backoff wait{retry_pace()};
        auto const began = std::chrono::steady_clock::now();
        while (true) {
            auto opened = stages_.from->open();
            if (opened) break;
            if (options_.source_failure_is_final || is_hopeless(opened.error().code)) return ends(opened.error());
            auto const failing_for = std::chrono::steady_clock::now() - began;
            if (!was_source_open_ && ends_at_start(pump_stage::source, opened.error().code, failing_for))
                return ends(opened.error());
            state_.went_down(pump_stage::source, opened.error());
            if (stopping_ || !state_.sleep_for(wait.next())) return false;
        }
        was_source_open_ = true;
        state_.came_up(pump_stage::source);
        return true;
    }

    result<> start_where_stored() {
        if (auto opened = stages_.to->open(*this); !opened) return opened.error();
        auto stored = stages_.to->stored(stages_.from->identity());
        if (!stored) return stored.error();
        if (*stored) {
            event_counts before;
            std::vector<position> positions;
            for (auto const& each : **stored) {
                before += each.counts;
                positions.push_back(each.safe);
            }
            auto const sought = positions.empty() ? stages_.from->seek_oldest() : stages_.from->seek(positions);
            if (!sought) return sought;
            stored_before_ = before;
        }
        state_.start();
        return {};
    }

    void read_to_end() {
        auto& next = stages_.change ? to_transform_ : to_sink_;
        batch into = state_.take_buffer();
        while (!state_.abandoned()) {
            commit_progress();
            // Only this thread pushes, so with room in the queue the push below does not wait, and an ack neither.
            if (!state_.has_room() || next.count() >= options_.queue_batches_max) {
                state_.wait_for_change(std::chrono::steady_clock::now() + 1s);
                continue;
            }
            auto read = stages_.from->read(into, std::chrono::steady_clock::now() + 1s);
            if (!read) {
                if (!survive_source(read.error())) return;
                continue;
            }
            source_wait_.reset();
            if (into.empty()) continue;
            state_.came_up(pump_stage::source);
            state_.add(into);
            auto const bytes = into.bytes();
            if (!next.push(into, bytes)) return;
            into = state_.take_buffer();
        }
    }

    bool survive_source(error const& why) {
        if (why.code == errc::end_of_input) return false;
        if (options_.source_failure_is_final || is_hopeless(why.code)) return ends(why);
        state_.went_down(pump_stage::source, why);
        if (!source_wait_) source_wait_.emplace(retry_pace());
        if (stopping_ || !state_.sleep_for(source_wait_->next())) return false;
        return !needs_open(why.code) || open_source();
    }

    void commit_progress() {
        for (auto const& each : state_.take_progress()) merge(uncommitted_, each);
        if (uncommitted_.empty()) return;
        if (auto committed = stages_.from->commit(uncommitted_); !committed) {
            // The position stays behind what is safe: at worst events come again and meet their ids.
            state_.went_down(pump_stage::source, committed.error());
            return;
        }
        uncommitted_.clear();
        state_.came_up(pump_stage::source);
    }

    // --- The transform's thread.
    void run_transform() {
        while (!state_.abandoned()) {
            auto events = to_transform_.pop(std::chrono::steady_clock::now() + 1s);
            if (!events) {
                if (to_transform_.finished()) break;
                continue;
            }
            state_.notify();
            stages_.change->apply(*events);
            state_.taps().show(tap_point::transform, *events);
            auto const bytes = events->bytes();
            if (!to_sink_.push(*events, bytes)) break;
        }
        to_sink_.close();
    }

    // --- The sink's thread.
    void run_sink() {
        bool unflushed = false;
        while (!state_.abandoned() && !drained_) {
            while (auto events = refused_.try_pop()) settle(std::move(*events));
            if (auto events = unflushed ? next_before_flush() : next_batch()) {
                state_.notify();
                unflushed = write(*events) || unflushed;
            } else if (unflushed) {
                auto const began = std::chrono::steady_clock::now();
                unflushed = !persist([&] { return stages_.to->flush(); });
                flush_delay_.flushed(std::chrono::steady_clock::now() - began);
            }
        }
    }

    /// What else is there, or comes within a moment that is short beside the flush.
    std::optional<batch> next_before_flush() {
        if (auto events = to_sink_.try_pop()) return events;
        auto events = to_sink_.pop(flush_delay_.until(std::chrono::steady_clock::now()));
        if (events) flush_delay_.more_came();
        return events;
    }

    std::optional<batch> next_batch() {
        auto const until = std::chrono::steady_clock::now() + 1s;
        if (!to_sink_.finished()) return to_sink_.pop(until);
        // Nothing new comes any more, only what the sink gives back.
        if (auto events = refused_.pop(until)) settle(std::move(*events));
        return std::nullopt;
    }

    /// @return true when the sink has taken it.
    bool write(batch& events) {
        while (true) {
            if (!put_dead_letters(events)) return false;
            std::optional<error> refusal;
            bool const taken = persist([&]() -> result<> {
                auto written = stages_.to->write(events);
                if (written || written.error().code != errc::rejected) return written;
                refusal = written.error();
                return {};
            });
            if (!taken) return false;
            if (!refusal) return true;
            // A sink that has named events itself refuses those.
            if (events.rejections.size() == events.counts.dead) reject_rest(events, *refusal);
        }
    }

    /// Tries until it works. @return false when abandoned.
    template <class Action>
    bool persist(Action action) {
        std::optional<backoff> wait;  // made where it is needed: its seed takes a while
        while (!state_.abandoned()) {
            auto const worked = action();
            if (worked) {
                state_.came_up(pump_stage::sink);
                return true;
            }
            // Asked to by abandon(), or the sink itself knows that there is no use in going on.
            if (is_hopeless(worked.error().code)) return give_up(worked.error());
            state_.went_down(pump_stage::sink, worked.error());
            if (!wait) wait.emplace(retry_pace());
            if (!state_.sleep_for(wait_before(worked.error().code, wait->next()))) return false;
            if (!needs_open(worked.error().code)) continue;
            auto opened = stages_.to->open(*this);
            if (!opened && is_hopeless(opened.error().code)) return give_up(opened.error());
            if (!opened) state_.went_down(pump_stage::sink, opened.error());
        }
        return false;
    }

    bool give_up(error const& why) {
        state_.fail(why);
        abandon();
        return false;
    }

    /// Makes the letters of all rejections durable that have none yet, before anything says that the batch is safe.
    bool put_dead_letters(batch& events) {
        auto const count = events.rejections.size() - events.counts.dead;
        if (count == 0) return true;
        while (events.counts.dead < events.rejections.size()) {
            LOGPIPE_ASSERT(stages_.dead != nullptr);
            auto const letters = letters_of(events, events.counts.dead);
            if (!persist([&] { return stages_.dead->put(letters); })) return false;
            events.counts.dead += letters.size();
        }
        if (auto const lines = dead_lines_.admit(); lines != 0)
            log_warn("{}: {} went to the dead letters, the newest: {}: {} ({} such lines)", options_.name,
                     count == 1 ? "an event" : fmt::format("{} events", count), events.rejections.back().stage,
                     events.rejections.back().reason, lines);
        return true;
    }

    /// A batch that came back from the sink with rejections of its own.
    void settle(batch&& events) {
        if (put_dead_letters(events)) finish(std::move(events));
    }

    void finish(batch&& events) {
        state_.complete(std::move(events));
        stages_.from->wake();
    }

    // --- Whatever thread the sink reports from.
    void done(batch&& finished) override {
        if (finished.rejections.size() == finished.counts.dead) {
            finish(std::move(finished));
            return;
        }
        refused_.push(finished, 0);
        to_sink_.wake();
    }
    bool takes_parts() const override { return true; }

    pump_options const options_;
    pump_stages stages_;
    pump_state state_;
    bounded_queue<batch> to_transform_;
    bounded_queue<batch> to_sink_;
    bounded_queue<batch> refused_;               // unbounded: what is in it was in flight, which is bounded
    std::vector<progress> uncommitted_;          // the source's thread
    bool was_source_open_ = false;               // the source's thread
    std::optional<backoff> source_wait_;         // the source's thread; none while reading works
    std::optional<event_counts> stored_before_;  // as the sink keeps it; set before state_.start(), read after
    flush_delay flush_delay_;                    // the sink's thread
    log_limit dead_lines_;
    std::atomic<bool> stopping_{false};
    std::atomic<bool> drained_{false};
    std::jthread source_thread_;
};

}  // namespace

std::unique_ptr<pump> make_pump(pump_stages stages, pump_options options) {
    return std::make_unique<stage_pump>(std::move(stages), std::move(options));
}

}  // namespace logpipe::runtime
