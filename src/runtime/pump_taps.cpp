#include "pump_taps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::runtime {

class pump_taps::buffered_reader final : public tap_reader {
  public:
    buffered_reader(std::shared_ptr<shared_state> shared, tap_buffer buffer)
        : shared_{std::move(shared)}, buffer_{std::move(buffer)} {
        mutex_lock lock{shared_->access};
        shared_->buffers.push_back(&buffer_);
        ++shared_->watched[index_of(buffer_.point)];
        missed_before_ = shared_->missed;
    }
    ~buffered_reader() override {
        mutex_lock lock{shared_->access};
        std::erase(shared_->buffers, &buffer_);
        --shared_->watched[index_of(buffer_.point)];
    }
    buffered_reader(buffered_reader const&) = delete;
    buffered_reader& operator=(buffered_reader const&) = delete;

    std::vector<tapped_event> take() override {
        std::vector<tapped_event> taken;
        mutex_lock lock{shared_->access};
        taken.swap(buffer_.held);
        buffer_.memory.set(0);
        return taken;
    }

    tap_counts counts() const override {
        mutex_lock lock{shared_->access};
        auto counts = buffer_.counts;
        auto const missed = shared_->missed - missed_before_;
        counts.seen += missed;
        counts.dropped += missed;
        return counts;
    }

  private:
    std::shared_ptr<shared_state> const shared_;
    tap_buffer buffer_ LOGPIPE_GUARDED_BY(shared_->access);
    std::uint64_t missed_before_ LOGPIPE_GUARDED_BY(shared_->access) = 0;
};

std::unique_ptr<tap_reader> pump_taps::add(pump_stages const& stages, std::string const& pump, std::string_view stage,
                                           std::uint64_t sample) {
    auto const behind = [&](tap_point point, std::string const& name) {
        return std::make_unique<buffered_reader>(shared_, tap_buffer{.point = point,
                                                                     .where = fmt::format("{}/{}", pump, name),
                                                                     .sample = std::max<std::uint64_t>(1, sample),
                                                                     .held = {},
                                                                     .memory = memory_share{memory_, "taps"},
                                                                     .counts = {}});
    };
    auto const last = stages.to->status().name;
    if (stage == pump || stage == last) return behind(tap_point::sink, last);
    if (auto const first = stages.from->status().name; stage == first) return behind(tap_point::source, first);
    if (!stages.change || stage != stages.change->status().name) return nullptr;
    return behind(tap_point::transform, std::string{stage});
}

void pump_taps::copy(tap_point point, batch const& events) {
    if (!shared_->access.try_lock()) {
        shared_->missed += events.events.size();
        return;
    }
    mutex_lock const lock{shared_->access, std::adopt_lock};
    for (auto* each : shared_->buffers)
        if (each->point == point) copy_into(*each, events);
}

void pump_taps::copy_into(tap_buffer& to, batch const& events) {
    auto const count = events.events.size();
    to.counts.seen += count;
    auto at = to.until_next;
    for (; at < count; at += to.sample) {
        auto const& row = events.events[at];
        auto const payload = row.rejected ? events.record(row) : events.payload(row);
        if (to.held.size() >= tap_reader::events_max || to.memory.bytes() + payload.size() > tap_reader::bytes_max)
            break;
        to.memory.set(to.memory.bytes() + payload.size());
        auto& shown = to.held.emplace_back(tapped_event{
            .where = to.where,
            .id = row.id,
            .tag = events.tags[row.tag],
            .time_ns = row.time_ns,
            .received_ns = row.received_ns,
            .origin = events.origin.empty() ? std::string{} : fmt::format("{} offset {}", events.origin, row.offset),
            .payload = std::string{payload},
            .rejected = {}});
        if (!row.rejected) continue;
        auto const reason = std::ranges::find(events.rejections, static_cast<std::uint32_t>(at), &rejection::event);
        shown.rejected = reason == events.rejections.end() ? "rejected" : reason->reason;
    }
    if (at < count) {
        auto const left = (count - at + to.sample - 1) / to.sample;
        to.counts.dropped += left;
        at += left * to.sample;
    }
    to.until_next = at - count;
}

}  // namespace logpipe::runtime
