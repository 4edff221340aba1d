#include "indexer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

/// Rejects what is bad, and gives all else on as it is.
class sieve final : public transform {
  public:
    void apply(batch& events) override {
        for (std::uint32_t i = 0; i < events.events.size(); ++i)
            if (events.record(events.events[i]).contains(R"("is":"bad")")) events.reject(i, "sieve", "it is bad");
    }
    stage_status status() const override { return {.name = "sieve"}; }
};

}  // namespace

bool indexer::start() {
    auto made = std::make_unique<process>();
    made->letters_topic = open_topic(letters_folder(), 1'500, 10'000'000);
    if (!made->letters_topic) return false;
    made->letters = make_letters(*made->letters_topic);
    auto member = make_kafka_member(course_, broker_, chance_);
    auto to = make_bulk_sink(course_, store_, chance_);
    made->member = member.get();
    made->to = to.get();
    made->index = std::make_unique<stepped_pump>(runtime::pump_stages{.from = std::move(member),
                                                                      .change = std::make_unique<sieve>(),
                                                                      .to = std::move(to),
                                                                      .dead = made->letters.get()},
                                                 runtime::pump_options{.name = "index",
                                                                       .queue_batches_max = 2,
                                                                       .in_flight_bytes_max = 8'000,
                                                                       .retry_first = 50ms,
                                                                       .retry_longest = 2s},
                                                 course_.time, chance_.numbers(), world());
    process_ = std::move(made);
    return true;
}

bool indexer::has_ended() {
    if (process_->index->due()) return false;
    if (auto const failure = (*process_->index)->failure())
        course_.wrong(invariant::no_failure, fmt::format("{}: {}", name_, failure->message));
    return true;
}

steady_time indexer::process_due() const {
    return std::min(
        {process_->member->due(), process_->to->due(), process_->index->due().value_or(steady_time::max())});
}

void indexer::step_process() {
    auto const now = course_.time.now;
    std::array<int, 3> due{};
    std::size_t count = 0;
    if (process_->member->due() <= now) due.at(count++) = 0;
    if (process_->index->due().value_or(steady_time::max()) <= now) due.at(count++) = 1;
    if (process_->to->due() <= now) due.at(count++) = 2;
    if (count == 0) return;
    switch (due.at(chance_.below(count))) {
        case 0:
            process_->member->step();
            if (chance_.in(4)) process_->index->wake(runtime::pump_stage::source);
            break;
        case 1:
            process_->index->step_due();
            break;
        default:
            process_->to->step();
    }
}

void indexer::cut_off_until(steady_time until) {
    course_.tell(name_ + ": cannot reach Kafka");
    if (process_) process_->member->cut_off_until(until);
}

void indexer::retry_letters() {
    if (!process_) return;
    machine::retry_letters(process_->letters_topic, [this](std::span<dead_letter const> letters) -> result<> {
        if (!broker_.is_there()) return error{errc::not_connected, "kafka: no broker"};
        for (auto const& each : letters)
            broker_.append(
                chance_.below(broker::partitions),
                kafka::kafka_event_key(
                    {.id = each.id, .received_ns = each.received_ns, .time_ns = each.event_time_ns, .tag = each.tag}),
                each.record);
        return {};
    });
}

std::string indexer::unrest() {
    return process_ ? unrest_of((*process_->index)->snapshot()) : name_ + " is down";
}

void indexer::check() {
    if (!process_) return;
    check_pump((*process_->index)->snapshot());
    if (process_->member->is_beyond_bounds()) course_.wrong(invariant::memory, name_ + " holds more than it may");
}

}  // namespace logpipe::sim
