#include "kafka_doubles.hpp"
#include "sent_batches.hpp"

#include <algorithm>
#include <deque>
#include <optional>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t bytes_max = 4'000;

class simulated_producer final : public kafka_producer {
  public:
    simulated_producer(course& of, broker& to, chance& by) : course_{of}, to_{to}, chance_{by}, sent_{bytes_max} {}

    result<> open(completions& reports) override {
        if (!to_.is_there()) return error{errc::not_connected, "kafka: no broker"};
        reports_ = &reports;
        return {};
    }
    result<> write(batch& events) override {
        // The real one waits, where only its thread does.
        if (sent_.is_full()) return error{errc::timed_out, "kafka: the queue is full"};
        std::vector<std::uint32_t> rows;
        std::size_t bytes = 0;
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            if (events.events[i].rejected) continue;
            rows.push_back(i);
            bytes += events.payload(events.events[i]).size();
        }
        auto const slot = sent_.begin_sending(events, static_cast<std::uint32_t>(rows.size()), bytes);
        if (!slot) return slot.error();
        if (!sent_.add_bytes(*slot, bytes)) return error{errc::cancelled, "kafka: cancelled"};
        sent_.at(*slot).partition = static_cast<std::int32_t>(chance_.below(broker::partitions));
        for (auto const row : rows) outbox_.push_back(kafka::tag_of(*slot, row));
        if (auto done = sent_.end_sending(*slot)) reports_->done(*std::move(done));
        return {};
    }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override { sent_.cancel(); }
    stage_status status() const override { return {.name = "kafka_sink"}; }

    steady_time due() const override { return outbox_.empty() ? steady_time::max() : send_at_; }
    void step() override {
        if (outbox_.empty() || send_at_ > course_.time.now) return;
        send_at_ = course_.time.now + chance_.about(!to_.is_there() ? 1s : to_.is_slow() ? 200ms : 2ms);
        if (!to_.is_there()) return;
        // Requests of one batch are answered in any order.
        auto const which = chance_.below(std::min<std::size_t>(outbox_.size(), 4));
        auto const tag = outbox_[which];
        auto const& sent = sent_.at(tag);
        auto const& events = sent.events;
        auto const& row = events.events[kafka::event_of(tag)];
        to_.append(
            static_cast<std::size_t>(sent.partition),
            kafka::kafka_event_key(
                {.id = row.id, .received_ns = row.received_ns, .time_ns = row.time_ns, .tag = events.tags[row.tag]}),
            std::string{events.payload(row)});
        if (to_.loses_report()) return;  // it is sent again
        outbox_.erase(outbox_.begin() + static_cast<std::ptrdiff_t>(which));
        if (auto done = sent_.acknowledge(kafka::slot_of(tag), 1)) reports_->done(*std::move(done));
    }
    /// One batch above the bound is let in.
    bool is_beyond_bounds() const override { return sent_.bytes() > bytes_max + 16'000; }

  private:
    course& course_;
    broker& to_;
    chance& chance_;
    completions* reports_ = nullptr;
    kafka::sent_batches sent_;
    std::deque<kafka::message_tag> outbox_;
    steady_time send_at_;
};

}  // namespace

std::unique_ptr<kafka_producer> make_kafka_producer(course& of, broker& to, chance& by) {
    return std::make_unique<simulated_producer>(of, to, by);
}

}  // namespace logpipe::sim
