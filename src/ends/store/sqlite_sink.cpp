#include "store/sqlite.hpp"

#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "store_metrics.hpp"
#include "store_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace logpipe::store {

namespace {

using namespace std::chrono_literals;

constexpr std::string_view sink_name = "sqlite_sink";

/// Owned by a pump, whose sink thread calls everything but cancel() and status().
/// Batches that were inserted are held until their transaction is on disk. When it fails, all of it is undone, and the
/// next call inserts what is held once more.
class sqlite_sink final : public sink {
  public:
    explicit sqlite_sink(sqlite_sink_options options) : options_{std::move(options)} {}

    [[nodiscard]] result<> open(completions& reports) override;
    [[nodiscard]] result<> write(batch& events) override;
    [[nodiscard]] result<> flush() override;
    [[nodiscard]] result<std::optional<std::vector<progress>>> stored(std::string const& source_identity) override;
    void cancel() override { cancelled_ = true; }
    [[nodiscard]] stage_status status() const override;

  private:
    [[nodiscard]] result<> refuse_other_store();
    [[nodiscard]] result<> refuse_unreadable(batch& events);
    [[nodiscard]] result<> insert_held_again();
    [[nodiscard]] result<> insert(batch& events);
    [[nodiscard]] result<> commit();
    void report_held();
    [[nodiscard]] bool due() const;

    sqlite_sink_options const options_;
    completions* reports_ = nullptr;
    std::unique_ptr<store_writer> writer_;
    std::string source_;         ///< whose positions go with the documents; empty before stored()
    bool has_position_ = false;  ///< the store has one of it
    std::vector<batch> held_;
    std::size_t inserted_ = 0;  ///< of held_, those in the open transaction: all, or after a failure none
    std::size_t held_events_ = 0;
    steady_time begun_;

    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> indexed_{0};
    std::atomic<std::uint64_t> already_there_{0};
    std::atomic<std::uint64_t> transactions_{0};
    std::atomic<std::uint64_t> removed_{0};
    std::atomic<std::uint64_t> clock_jumps_{0};
    std::atomic<std::uint64_t> events_waiting_{0};
    stage_health health_;
};

result<> sqlite_sink::open(completions& reports) {
    reports_ = &reports;
    inserted_ = 0;
    writer_.reset();
    // Another process that writes is waited for, though not for ever; after that the pump tries again.
    auto const waits = [this, tries = 0]() mutable { return !cancelled_ && ++tries % 200 != 0; };
    auto opened = store_writer::open(options_, waits);
    if (!opened) return health_.noted(result<>{in_context(sink_name, opened.error())});
    writer_ = std::move(*opened);
    return health_.noted(has_position_ ? refuse_other_store() : result<>{});
}

/// Opened again, after a failure: with another store in the first one's place everything before would be missing, and
/// its position would say that it is there.
result<> sqlite_sink::refuse_other_store() {
    auto const positions = writer_->positions_of(source_);
    if (!positions) return positions.error();
    if (!positions->empty()) return {};
    writer_.reset();
    return error{
        errc::invalid_argument,
        fmt::format("{}: the store was taken away while it was written; start again: the one that is there now "
                    "is filled with what the journal or topic still holds",
                    options_.path)};
}

result<> sqlite_sink::write(batch& events) {
    if (cancelled_) return error{errc::cancelled, "asked to stop"};
    if (!writer_) return error{errc::storage_failed, "the store is not open"};
    if (auto refused = refuse_unreadable(events); !refused) return refused;
    // After a failure what is held goes first: it fits, and it does not grow while it does not.
    if (inserted_ < held_.size())
        if (auto flushed = flush(); !flushed) return flushed;
    if (auto inserted = insert(events); !inserted) return health_.noted(inserted);
    held_events_ += events.events.size();
    events_waiting_.store(held_events_, std::memory_order_relaxed);
    held_.push_back(std::move(events));
    events = {};
    inserted_ = held_.size();
    // The batch is ours now: a failure of this commit is told by the next call, if that fails as well.
    if (due()) static_cast<void>(health_.noted(commit()));
    return {};
}

result<> sqlite_sink::flush() {
    if (cancelled_) return error{errc::cancelled, "asked to stop"};
    if (held_.empty()) return {};
    if (!writer_) return error{errc::storage_failed, "the store is not open"};
    if (auto again = insert_held_again(); !again) return health_.noted(again);
    return health_.noted(commit());
}

/// What the transform made is JSON; what comes from elsewhere may be anything, and has its dead letter before the
/// position can move past it.
result<> sqlite_sink::refuse_unreadable(batch& events) {
    if (events.transformed) return {};
    std::vector<std::uint32_t> unreadable;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        if (events.events[i].rejected) continue;
        auto const good = writer_->is_object(events.payload(events.events[i]));
        if (!good) return health_.noted(result<>{good.error()});
        if (!*good) unreadable.push_back(i);
    }
    if (unreadable.empty()) return {};
    for (auto const i : unreadable) events.reject(i, "sqlite", "not a JSON object");
    return error{errc::rejected, fmt::format("{} events are no JSON objects", unreadable.size())};
}

result<> sqlite_sink::insert_held_again() {
    for (; inserted_ < held_.size(); ++inserted_)
        if (auto inserted = insert(held_[inserted_]); !inserted) return inserted;
    return {};
}

result<> sqlite_sink::insert(batch& events) {
    if (inserted_ == 0) begun_ = std::chrono::steady_clock::now();
    auto inserted = writer_->insert(events);
    if (!inserted) inserted_ = 0;
    return inserted;
}

bool sqlite_sink::due() const {
    return held_events_ >= options_.transaction_events_max ||
           std::chrono::steady_clock::now() - begun_ >= options_.transaction_age_max;
}

result<> sqlite_sink::commit() {
    auto committed = writer_->commit(source_, held_);
    inserted_ = 0;
    if (!committed) return committed;
    has_position_ = has_position_ || !source_.empty();
    transactions_.fetch_add(1, std::memory_order_relaxed);
    removed_.store(writer_->removed(), std::memory_order_relaxed);
    clock_jumps_.store(writer_->clock_jumps(), std::memory_order_relaxed);
    report_held();
    return {};
}

void sqlite_sink::report_held() {
    // Out of the member first: whoever is told may call us.
    auto safe = std::exchange(held_, {});
    held_events_ = 0;
    events_waiting_.store(0, std::memory_order_relaxed);
    for (auto& events : safe) {
        indexed_.fetch_add(events.counts.indexed, std::memory_order_relaxed);
        already_there_.fetch_add(events.counts.already_there, std::memory_order_relaxed);
        reports_->done(std::move(events));
    }
}

result<std::optional<std::vector<progress>>> sqlite_sink::stored(std::string const& source_identity) {
    if (!writer_) return error{errc::storage_failed, "the store is not open"};
    source_ = source_identity;
    auto positions = writer_->positions_of(source_);
    if (!positions) return positions.error();
    has_position_ = !positions->empty();
    return std::optional{std::move(*positions)};
}

stage_status sqlite_sink::status() const {
    stage_status now;
    now.name = sink_name;
    health_.describe(now);
    now.metrics = {{metrics::pending, events_waiting_},   {metrics::indexed, indexed_},
                   {metrics::duplicates, already_there_}, {metrics::transactions, transactions_},
                   {metrics::removed, removed_},          {metrics::clock_jumps, clock_jumps_}};
    return now;
}

}  // namespace

std::unique_ptr<sink> make_sqlite_sink(sqlite_sink_options options) {
    return std::make_unique<sqlite_sink>(std::move(options));
}

}  // namespace logpipe::store
