#include "machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

class promising_sink final : public sink, private completions {
  public:
    promising_sink(course& of, std::uint32_t machine, std::unique_ptr<sink> to)
        : course_{of}, machine_{machine}, to_{std::move(to)} {}
    ~promising_sink() override { to_.reset(); }  // it may report until it is gone
    promising_sink(promising_sink const&) = delete;
    promising_sink& operator=(promising_sink const&) = delete;

    result<> open(completions& reports) override {
        reports_ = &reports;
        return to_->open(*this);
    }
    result<> write(batch& events) override { return to_->write(events); }
    result<> flush() override { return to_->flush(); }
    result<std::optional<std::vector<progress>>> stored(std::string const& source_identity) override {
        return to_->stored(source_identity);
    }
    std::optional<std::uint64_t> held_before() const override { return to_->held_before(); }
    void cancel() override { to_->cancel(); }
    stage_status status() const override { return to_->status(); }

  private:
    void done(batch&& finished) override {
        for (auto const& row : finished.events)
            if (!row.rejected) course_.promise(finished.record(row), machine_);
        reports_->done(std::move(finished));
    }

    course& course_;
    std::uint32_t const machine_;
    completions* reports_ = nullptr;
    std::unique_ptr<sink> to_;
};

class promising_letters final : public dead_letters {
  public:
    promising_letters(course& of, std::uint32_t machine, std::unique_ptr<dead_letters> to)
        : course_{of}, machine_{machine}, to_{std::move(to)} {}

    result<> put(std::span<dead_letter const> letters) override {
        auto put = to_->put(letters);
        for (auto const& each : letters)
            if (put) course_.promise(each.record, machine_);
        return put;
    }
    void cancel() override { to_->cancel(); }
    stage_status status() const override { return to_->status(); }

  private:
    course& course_;
    std::uint32_t const machine_;
    std::unique_ptr<dead_letters> to_;
};

}  // namespace

std::unique_ptr<sink> machine::make_journal_sink(journal::topic& to) {
    return std::make_unique<promising_sink>(course_, bit_, to.make_sink());
}

std::unique_ptr<dead_letters> machine::make_letters(journal::topic& to) {
    return std::make_unique<promising_letters>(
        course_, bit_, runtime::make_dead_letters(to.make_sink(), runtime::letter_form::bundle));
}

void machine::look_through(std::shared_ptr<journal::topic> letters) {
    auto const from = audit::make_journal_letters(letters_folder(), std::move(letters), world());
    auto const seen = audit::show_letters(*from, {.ids = {}, .reason = {}, .all = true},
                                          [&](audit::found_letter const& each) -> result<> {
                                              look_at(each.letter, each.attempts);
                                              return {};
                                          });
    if (!seen) course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, seen.error().message));
}

void machine::look_at(dead_letter const& letter, std::uint64_t attempts) {
    auto* const event = course_.event_of(letter.record);
    if (event == nullptr)
        return course_.wrong(invariant::stored_once, fmt::format("{}: a dead letter of what nobody has sent", name_));
    event->has_letter = true;
    auto const shown = event->record.substr(0, 60);
    if (event->kind == event_kind::good)
        course_.wrong(invariant::in_its_place, fmt::format("{}: {} is a dead letter", name_, shown));
    if (auto const retried = retries_.find(letter.id); retried != retries_.end() && attempts <= retried->second)
        course_.wrong(invariant::attempts, fmt::format("{}: {} was retried {} times, and is said to be attempt {}",
                                                       name_, shown, retried->second, attempts));
}

void machine::retry_letters(std::shared_ptr<journal::topic> letters, audit::letter_input const& to) {
    auto const from = audit::make_journal_letters(letters_folder(), std::move(letters), world());
    std::vector<event_id> ids;
    auto const seen = audit::show_letters(*from, {.ids = {}, .reason = {}, .all = true},
                                          [&](audit::found_letter const& each) -> result<> {
                                              look_at(each.letter, each.attempts);
                                              ids.push_back(each.letter.id);
                                              return {};
                                          });
    auto const retried = seen ? audit::retry_letters(*from, {.ids = {}, .reason = {}, .all = true}, to, false)
                              : result<audit::retry_report>{seen.error()};
    course_.tell(fmt::format("{}: {} dead letters are retried{}", name_, ids.size(),
                             retried ? "" : fmt::format(", which fails: {}", retried.error().message)));
    if (!retried) return;
    for (auto const& id : ids) ++retries_[id];
}

environment machine::world() {
    auto world = course_.time.world(files_, chance_.numbers());
    world.memory = &memory_;
    world.now = [this] { return course_.time.wall_begin_ns + course_.time.running_ns() + jump_ns_; };
    return world;
}

/// @return none where the disk fails; what is found on it is never a reason
std::shared_ptr<journal::topic> machine::open_topic(std::string const& topic, std::uint64_t segment_bytes,
                                                    std::uint64_t bytes_max) {
    auto opened = journal::open_journal(
        {.folder = topic, .segment_bytes = segment_bytes, .bytes_max = bytes_max, .chunk_window_count = 200}, world());
    if (opened) return *std::move(opened);
    auto const& reason = opened.error();
    if (reason.code != errc::storage_failed && reason.code != errc::storage_full)
        course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, reason.message));
    return nullptr;
}

void machine::cut_power() {
    course_.tell(fmt::format("{}: power cut; {} writes and names were not synced", name_, files_.unsynced_changes()));
    files_.power_off();
    destroy();
    has_power_ = is_stopping_ = false;
    restart_after(chance_.about(3s));
}

void machine::kill() {
    course_.tell(fmt::format("{}: killed{}", name_, is_running() ? "" : " while it was down"));
    files_.power_off();
    destroy();
    files_.power_on_after_kill();
    is_stopping_ = false;
    restart_after(chance_.about(500ms));
}

void machine::stop_in_order() {
    if (!is_running() || is_stopping_) return;
    course_.tell(name_ + ": stopped in order");
    is_stopping_ = true;
    stop_process();
}

void machine::cut_power_in_between() {
    if (is_running()) files_.lose_power_after(chance_.below(40));
}

void machine::fail_syncs_until(steady_time until) {
    course_.tell(name_ + ": every second sync fails");
    files_.fail_syncs_at_random(0.5);
    syncs_fail_until_ = until;
}

void machine::fail_disk_until(steady_time until) {
    course_.tell(name_ + ": one call in 20 of the disk fails");
    files_.fail_at_random(0.05);
    disk_fails_until_ = until;
}

void machine::fill_disk_until(steady_time until) {
    course_.tell(name_ + ": the disk is full");
    files_.set_room(chance_.below(3'000));
    disk_full_until_ = until;
}

void machine::jump_clock(std::chrono::nanoseconds by) {
    course_.tell(fmt::format("{}: the clock jumps by {} s", name_, by / 1s));
    jump_ns_ += by.count();
}

void machine::end_faults() {
    disk_fails_until_ = disk_full_until_ = syncs_fail_until_ = {};
    files_.end_faults();
}

void machine::restart_after(std::chrono::microseconds time) {
    start_at_ = course_.time.now + time;
}

steady_time machine::due() const {
    auto earliest = is_running() ? process_due() : start_at_;
    for (auto const each : {disk_fails_until_, disk_full_until_, syncs_fail_until_})
        if (each != steady_time{}) earliest = std::min(earliest, each);
    return earliest;
}

void machine::step() {
    auto const now = course_.time.now;
    if (has_power_ && !files_.has_power()) return cut_power();
    if (disk_fails_until_ != steady_time{} && disk_fails_until_ <= now) {
        files_.fail_at_random(0);
        disk_fails_until_ = {};
    }
    if (disk_full_until_ != steady_time{} && disk_full_until_ <= now) {
        files_.set_room(std::numeric_limits<std::uint64_t>::max() / 4);
        disk_full_until_ = {};
    }
    if (syncs_fail_until_ != steady_time{} && syncs_fail_until_ <= now) {
        files_.fail_syncs_at_random(0);
        syncs_fail_until_ = {};
        if (chance_.in(2)) return cut_power();
    }
    if (!is_running()) {
        if (start_at_ > now) return;
        if (!std::exchange(has_power_, true)) files_.power_on();
        if (!start()) {
            destroy();
            restart_after(1s);
        }
        return;
    }
    step_process();
    check_memory();
    if (!files_.has_power()) return cut_power();
    if (!is_running() || !has_ended()) return;
    check();
    destroy();
    is_stopping_ = false;
    restart_after(chance_.about(500ms));
}

void machine::check_memory() {
    if (memory_.held() > held_bytes_max + beyond_bytes_max)
        course_.wrong(invariant::memory, fmt::format("{}: all of it holds {} bytes", name_, memory_.held()));
}

std::string machine::unrest_of(pump_snapshot const& now) const {
    if (now.started && now.backlog.value_or(0) == 0 && now.book.not_safe() == 0) return {};
    auto words = fmt::format("{}: {} has {} before it; {}", name_, now.name, now.backlog.value_or(0), now.book.line());
    for (auto const& each : now.stages)
        if (!each.reason.empty()) words += fmt::format("; {}: {}", each.name, each.reason);
    return words;
}

void machine::check_pump(pump_snapshot const& now) {
    if (now.book.difference() != 0)
        course_.wrong(invariant::ledger, fmt::format("{}: {}: {}", name_, now.name, now.book.line()));
    // What is read as one batch is let in whole.
    if (now.in_flight_bytes > now.in_flight_bytes_max + batch::bytes_target)
        course_.wrong(invariant::memory, fmt::format("{}: {} holds {} bytes", name_, now.name, now.in_flight_bytes));
}

}  // namespace logpipe::sim
