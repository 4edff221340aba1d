#include "journal_sink.hpp"

#include "core/stage_health.hpp"
#include "journal_metrics.hpp"

#include <fmt/format.h>

#include <atomic>

namespace logpipe::journal {

namespace {

class journal_sink final : public sink {
  public:
    journal_sink(std::shared_ptr<topic_writer> writer, journal_duplicates duplicates)
        : writer_{std::move(writer)},
          held_before_{writer_->mark()->get().offset},
          outlet_{std::make_shared<outlet>(duplicates)} {}
    ~journal_sink() override { report_to(nullptr); }
    journal_sink(journal_sink const&) = delete;
    journal_sink& operator=(journal_sink const&) = delete;

    result<> open(completions& reports) override {
        report_to(&reports);
        return {};
    }

    result<> write(batch& events) override {
        if (cancelled_) return error{errc::cancelled, "the journal's sink was cancelled"};
        return health_.noted(writer_->write(outlet_, events));
    }

    result<> flush() override {
        if (cancelled_) return error{errc::cancelled, "the journal's sink was cancelled"};
        return health_.noted(writer_->flush(*outlet_));
    }

    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::optional<std::vector<progress>>{};
    }

    std::optional<std::uint64_t> held_before() const override { return held_before_; }

    /// Only the disk makes a call wait.
    void cancel() override { cancelled_ = true; }

    stage_status status() const override {
        auto const& figures = writer_->figures();
        stage_status now;
        now.name = "journal_sink";
        now.metrics = {{metrics::bytes, figures.bytes},
                       {metrics::limit_bytes, figures.limit_bytes},
                       {metrics::segments, figures.segments},
                       {metrics::synced_offset, writer_->mark()->get().offset},
                       {metrics::syncs, figures.syncs},
                       {metrics::duplicate_events, figures.duplicate_events},
                       {metrics::dropped_events, figures.dropped_events},
                       {metrics::dropped_segments, figures.dropped_segments},
                       {metrics::reserve_bytes, figures.reserve_bytes},
                       {metrics::reserves_released, figures.reserves_released},
                       {metrics::clock_jumps, figures.clock_jumps},
                       {metrics::stalled_groups, writer_->stalled().count()}};
        health_.describe(now);
        if (now.up && figures.reserves_released > 0 && figures.reserve_bytes == 0)
            now.reason = "the disk was full, and the reserve on it was released: make room there";
        if (auto const dropped = figures.dropped_events.load(std::memory_order_relaxed);
            now.reason.empty() && now.up && dropped > 0)
            now.reason = fmt::format(
                "the oldest {} events were dropped since the start, to keep to the limits of size and age", dropped);
        if (now.reason.empty() && now.up) now.reason = writer_->stalled().hint();
        return now;
    }

  private:
    void report_to(completions* reports) {
        mutex_lock lock{outlet_->called};
        outlet_->reports = reports;
    }

    std::shared_ptr<topic_writer> const writer_;
    std::uint64_t const held_before_;
    // Shared with the writer, which may still have our batches when we are gone.
    std::shared_ptr<outlet> const outlet_;
    std::atomic<bool> cancelled_ = false;
    stage_health health_;
};

}  // namespace

std::unique_ptr<sink> make_sink(std::shared_ptr<topic_writer> writer, journal_duplicates duplicates) {
    return std::make_unique<journal_sink>(std::move(writer), duplicates);
}

}  // namespace logpipe::journal
