#include "forwarder.hpp"

#include "cursor_file.hpp"
#include "topic_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view topic_folder = "data/logs";

runtime::pump_options options_of(std::string name) {
    return {.name = std::move(name),
            .queue_batches_max = 2,
            .in_flight_bytes_max = 4'000,
            .retry_first = 50ms,
            .retry_longest = 2s};
}

}  // namespace

/// Its cursor on disk is whole, not before where it was, and nothing after it is freed.
void forwarder::check_cursor() {
    std::string const folder{topic_folder};
    slot_file stored{files_, journal::cursor_path(folder, "kafka")};
    auto const at = journal::load_cursor(stored);
    if (!at && at.error().code == errc::corrupt)
        course_.wrong(invariant::position, fmt::format("{}: {}", name_, at.error().message));
    if (!at) return;
    if (at->offset < cursor_offset_)
        course_.wrong(invariant::position,
                      fmt::format("{}: the cursor goes back from {} to {}", name_, cursor_offset_, at->offset));
    cursor_offset_ = at->offset;
    auto const segments = journal::list_segments(files_, folder);
    if (segments && !segments->empty() && segments->front() > at->offset)
        course_.wrong(invariant::not_freed, fmt::format("{}: the cursor is at {}, and the journal begins at {}", name_,
                                                        at->offset, segments->front()));
}

bool forwarder::start() {
    check_cursor();
    auto made = std::make_unique<process>();
    made->topic = open_topic(std::string{topic_folder}, 2'500, 60'000);
    if (!made->topic) return false;
    made->letters_topic = open_topic(letters_folder(), 1'500, 10'000'000);
    if (!made->letters_topic) return false;
    made->letters = make_letters(*made->letters_topic);
    made->clients =
        std::make_unique<listener>(course_, world(), chance_, [this](std::string_view chunk) { on_ack(chunk); });
    auto receiving = options_of("receive");
    receiving.continues_sink = true;
    made->receive = std::make_unique<stepped_pump>(runtime::pump_stages{.from = make_listening_source(*made->clients),
                                                                        .change = nullptr,
                                                                        .to = make_journal_sink(*made->topic),
                                                                        .dead = made->letters.get()},
                                                   std::move(receiving), course_.time, chance_.numbers(), world());
    auto producer = make_kafka_producer(course_, broker_, chance_);
    made->producer = producer.get();
    made->send = std::make_unique<stepped_pump>(runtime::pump_stages{.from = made->topic->make_source("kafka"),
                                                                     .change = nullptr,
                                                                     .to = std::move(producer),
                                                                     .dead = made->letters.get()},
                                                options_of("send"), course_.time, chance_.numbers(), world());
    process_ = std::move(made);
    return true;
}

/// In the order in which they use each other.
void forwarder::destroy() {
    auto const gone = std::move(process_);
    if (!gone) return;
    gone->send.reset();
    gone->receive.reset();
    gone->clients.reset();
}

void forwarder::stop_process() {
    (*process_->receive)->stop();
}

/// The second pump ends after the first one, so that all that came goes on; but one that fails ends the process.
bool forwarder::has_ended() {
    bool has_failed = false;
    for (auto* const each : {process_->receive.get(), process_->send.get()}) {
        if (each->due()) continue;
        auto const failure = (*each)->failure();
        has_failed = has_failed || failure;
        if (failure && failure->code != errc::storage_failed && failure->code != errc::storage_full)
            course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, failure->message));
    }
    if (has_failed) return true;
    if (process_->receive->due()) return false;
    if (!std::exchange(process_->is_send_stopped, true)) (*process_->send)->stop();
    return !process_->send->due();
}

steady_time forwarder::process_due() const {
    auto earliest = std::min(process_->clients->due(), process_->producer->due());
    for (auto const* const each : {process_->receive.get(), process_->send.get()})
        earliest = std::min(earliest, each->due().value_or(steady_time::max()));
    return earliest;
}

void forwarder::step_process() {
    auto const now = course_.time.now;
    auto const is_due = [&](stepped_pump const& pump) { return pump.due().value_or(steady_time::max()) <= now; };
    std::array<int, 4> due{};
    std::size_t count = 0;
    if (process_->clients->due() <= now) due.at(count++) = 0;
    if (is_due(*process_->receive)) due.at(count++) = 1;
    if (is_due(*process_->send)) due.at(count++) = 2;
    if (process_->producer->due() <= now) due.at(count++) = 3;
    if (count == 0) return;
    switch (due.at(chance_.below(count))) {
        case 0:
            process_->clients->step();
            if (process_->clients->has_events()) process_->receive->wake(runtime::pump_stage::source);
            break;
        case 1:
            process_->receive->step_due();
            // A reader waits for what the writer makes safe.
            if (chance_.in(8)) process_->send->wake(runtime::pump_stage::source);
            break;
        case 2:
            process_->send->step_due();
            break;
        default:
            process_->producer->step();
    }
}

void forwarder::on_ack(std::string_view chunk) {
    auto const* const message = course_.message_of(chunk);
    if (message == nullptr) return course_.wrong(invariant::acked_late, fmt::format("nobody has sent {}", chunk));
    for (auto const* each : message->events)
        if ((each->promised_by & bit_) == 0)
            course_.wrong(invariant::acked_late, fmt::format("{}: {} is acked and not safe", name_, chunk));
}

std::shared_ptr<simulated_link> forwarder::accept() {
    return process_ ? process_->clients->accept() : nullptr;
}

void forwarder::cut_connections() {
    course_.tell(name_ + ": connections are cut, with what was on its way");
    if (process_) process_->clients->cut_connections();
}

/// Nothing can be said of what was in this journal only.
void forwarder::lose_tail() {
    course_.tell(name_ + ": power cut; the disk has lost the end of the journal, which was synced");
    files_.power_off();
    destroy();
    files_.power_on();
    auto const names = files_.list(std::string{topic_folder});
    if (!names) return;
    auto const newest = std::ranges::find_if(names->rbegin(), names->rend(),
                                             [](std::string const& name) { return name.ends_with(".seg"); });
    if (newest == names->rend()) return;
    auto const path = fmt::format("{}/{}", topic_folder, *newest);
    auto bytes = files_.contents(path);
    bytes.resize(bytes.size() - std::min<std::size_t>(bytes.size(), chance_.below(600)));
    files_.set_contents(path, std::move(bytes));
    may_have_gaps_ = true;
    for (auto& each : course_.events())
        if (each.kind != event_kind::broken && !broker_.has(each.record)) each.promised_by &= ~bit_;
}

std::string forwarder::unrest() {
    if (!process_) return name_ + " is down";
    if (process_->clients->has_events()) return name_ + " has not read all that its clients sent";
    for (auto* const each : {process_->receive.get(), process_->send.get()})
        if (auto words = unrest_of((*each)->snapshot()); !words.empty()) return words;
    return {};
}

void forwarder::check() {
    if (!process_) return;
    for (auto* const each : {process_->receive.get(), process_->send.get()}) {
        auto const now = (*each)->snapshot();
        check_pump(now);
        if (may_have_gaps_) continue;
        for (auto const& figure : now.stages.front().metrics)
            if (figure.name == "journal_lost_offsets_total" && figure.value > 0)
                course_.wrong(invariant::not_freed,
                              fmt::format("{}: {} events are gone that its journal's reader has not passed", name_,
                                          figure.value));
    }
    if (process_->clients->is_full_beyond_bounds() || process_->producer->is_beyond_bounds())
        course_.wrong(invariant::memory, name_ + " holds more than it may");
}

}  // namespace logpipe::sim
