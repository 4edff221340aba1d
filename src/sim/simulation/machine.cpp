#include "machine.hpp"

#include "codec/dead_letter_bundle.hpp"
#include "codec/dead_letter_frame.hpp"
#include "environment.hpp"

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

void machine::look_through(journal::topic& letters) {
    auto const look = [&](std::string_view frame) -> result<> {
        auto const letter = codec::read_dead_letter_frame(frame);
        auto* const event = letter ? course_.event_of(letter->record) : nullptr;
        if (event == nullptr)
            course_.wrong(invariant::stored_once, fmt::format("{}: a dead letter of what nobody has sent", name_));
        else if (event->kind == event_kind::good)
            course_.wrong(invariant::in_its_place, fmt::format("{}: {} is a dead letter", name_, event->record));
        else
            event->has_letter = true;
        return {};
    };
    auto const from = letters.make_source("look");
    auto opened = from->open();
    for (batch events; opened; events.clear()) {
        opened = from->read(events, steady_time{});
        if (!opened || events.empty()) break;
        for (auto const& row : events.events) {
            auto const record = events.record(row);
            auto const read = codec::is_dead_letter_bundle(record) ? codec::each_in_bundle(record, look) : look(record);
            if (!read) course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, read.error().message));
        }
    }
    if (!opened) course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, opened.error().message));
}

environment machine::world() {
    auto world = course_.time.world(files_, chance_.numbers());
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

void machine::fail_a_sync() {
    auto const calls = chance_.below(6);
    course_.tell(fmt::format("{}: the {}. next sync fails", name_, calls + 1));
    files_.fail(file_operation::sync, errc::storage_failed, calls);
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
    disk_fails_until_ = disk_full_until_ = {};
    files_.end_faults();
}

void machine::restart_after(std::chrono::microseconds time) {
    start_at_ = course_.time.now + time;
}

steady_time machine::due() const {
    auto earliest = is_running() ? process_due() : start_at_;
    for (auto const each : {disk_fails_until_, disk_full_until_})
        if (each != steady_time{}) earliest = std::min(earliest, each);
    return earliest;
}

void machine::step() {
    auto const now = course_.time.now;
    if (disk_fails_until_ != steady_time{} && disk_fails_until_ <= now) {
        files_.fail_at_random(0);
        disk_fails_until_ = {};
    }
    if (disk_full_until_ != steady_time{} && disk_full_until_ <= now) {
        files_.set_room(std::numeric_limits<std::uint64_t>::max() / 4);
        disk_full_until_ = {};
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
    if (!is_running() || !has_ended()) return;
    check();
    destroy();
    is_stopping_ = false;
    restart_after(chance_.about(500ms));
}

void machine::check_pump(pump_snapshot const& now) {
    if (now.book.difference() != 0)
        course_.wrong(invariant::ledger, fmt::format("{}: {}: {}", name_, now.name, now.book.line()));
    // What is read as one batch is let in whole.
    if (now.in_flight_bytes > now.in_flight_bytes_max + batch::bytes_target)
        course_.wrong(invariant::memory, fmt::format("{}: {} holds {} bytes", name_, now.name, now.in_flight_bytes));
}

}  // namespace logpipe::sim
