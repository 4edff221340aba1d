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
/// Batches that were inserted are pending until their transaction is on disk. When it fails, all of it is undone, and
/// the next call inserts the pending ones once more.
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
    [[nodiscard]] result<> check_same_store();
    [[nodiscard]] result<> reject_unreadable(batch& events);
    [[nodiscard]] result<> insert_pending();
    [[nodiscard]] result<> insert(batch& events);
    [[nodiscard]] result<> commit();
    void report_pending();
    [[nodiscard]] bool due() const;

    sqlite_sink_options const options_;
    completions* reports_ = nullptr;
    std::unique_ptr<store_writer> writer_;
    std::string source_;         ///< whose positions go with the documents; empty before stored()
    bool has_position_ = false;  ///< the store has one of it
    std::vector<batch> pending_;
    std::size_t inserted_ = 0;  ///< of pending_, those in the open transaction: all, or after a failure none
    std::size_t pending_events_ = 0;
    steady_time begun_;

    std::atomic<bool> cancelled_{false};
    std::atomic<std::uint64_t> indexed_{0};
    std::atomic<std::uint64_t> duplicates_{0};
    std::atomic<std::uint64_t> transactions_{0};
    std::atomic<std::uint64_t> removed_{0};
    std::atomic<std::uint64_t> clock_jumps_{0};
    std::atomic<std::uint64_t> pending_shown_{0};
    stage_health health_;
};

result<> sqlite_sink::open(completions& reports) {
    reports_ = &reports;
    inserted_ = 0;
    writer_.reset();
    // Another process that writes is waited for, though not for ever; after that the pump retries.
    auto const waits = [this, tries = 0]() mutable { return !cancelled_ && ++tries % 200 != 0; };
    auto opened = store_writer::open(options_, waits);
    if (!opened) return health_.noted(result<>{in_context(sink_name, opened.error())});
    writer_ = std::move(*opened);
    return health_.noted(has_position_ ? check_same_store() : result<>{});
}

/// Reopened after a failure: in another store under the same name everything before would be missing, and the position
/// would say that it is there.
result<> sqlite_sink::check_same_store() {
    auto const positions = writer_->positions_of(source_);
    if (!positions) return positions.error();
    if (!positions->empty()) return {};
    writer_.reset();
    return error{
        errc::invalid_argument,
        fmt::format("{}: the store was removed while it was written; restart logpipe: the one that is there now "
                    "is filled with what the journal or topic still has",
                    options_.path)};
}

result<> sqlite_sink::write(batch& events) {
    if (cancelled_) return error{errc::cancelled, "sqlite: the sink was cancelled"};
    if (!writer_) return error{errc::storage_failed, "the store is not open"};
    if (auto rejected = reject_unreadable(events); !rejected) return rejected;
    // After a failure what is pending goes first: it does not grow while it fails.
    if (inserted_ < pending_.size())
        if (auto flushed = flush(); !flushed) return flushed;
    if (auto inserted = insert(events); !inserted) return health_.noted(inserted);
    pending_events_ += events.events.size();
    pending_shown_.store(pending_events_, std::memory_order_relaxed);
    pending_.push_back(std::move(events));
    events = {};
    inserted_ = pending_.size();
    // The batch is ours now: a failure of this commit is reported by the next call, if that fails as well.
    if (due()) static_cast<void>(health_.noted(commit()));
    return {};
}

result<> sqlite_sink::flush() {
    if (cancelled_) return error{errc::cancelled, "sqlite: the sink was cancelled"};
    if (pending_.empty()) return {};
    if (!writer_) return error{errc::storage_failed, "the store is not open"};
    if (auto inserted = insert_pending(); !inserted) return health_.noted(inserted);
    return health_.noted(commit());
}

/// What the transform made is JSON; what comes from elsewhere may be anything, and has its dead letter before the
/// position can move past it.
result<> sqlite_sink::reject_unreadable(batch& events) {
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
    return error{errc::rejected, fmt::format("{} events are not JSON objects", unreadable.size())};
}

result<> sqlite_sink::insert_pending() {
    for (; inserted_ < pending_.size(); ++inserted_)
        if (auto inserted = insert(pending_[inserted_]); !inserted) return inserted;
    return {};
}

result<> sqlite_sink::insert(batch& events) {
    if (inserted_ == 0) begun_ = std::chrono::steady_clock::now();
    auto inserted = writer_->insert(events);
    if (!inserted) inserted_ = 0;
    return inserted;
}

bool sqlite_sink::due() const {
    return pending_events_ >= options_.transaction_events_max ||
           std::chrono::steady_clock::now() - begun_ >= options_.transaction_age_max;
}

result<> sqlite_sink::commit() {
    auto committed = writer_->commit(source_, pending_);
    inserted_ = 0;
    if (!committed) return committed;
    has_position_ = has_position_ || !source_.empty();
    transactions_.fetch_add(1, std::memory_order_relaxed);
    removed_.store(writer_->removed(), std::memory_order_relaxed);
    clock_jumps_.store(writer_->clock_jumps(), std::memory_order_relaxed);
    report_pending();
    return {};
}

void sqlite_sink::report_pending() {
    // Out of the member first: what is called may call us.
    auto safe = std::exchange(pending_, {});
    pending_events_ = 0;
    pending_shown_.store(0, std::memory_order_relaxed);
    for (auto& events : safe) {
        indexed_.fetch_add(events.counts.indexed, std::memory_order_relaxed);
        duplicates_.fetch_add(events.counts.duplicates, std::memory_order_relaxed);
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
    now.metrics = {{metrics::pending, pending_shown_}, {metrics::indexed, indexed_},
                   {metrics::duplicates, duplicates_}, {metrics::transactions, transactions_},
                   {metrics::removed, removed_},       {metrics::clock_jumps, clock_jumps_}};
    return now;
}

}  // namespace

std::unique_ptr<sink> make_sqlite_sink(sqlite_sink_options options) {
    return std::make_unique<sqlite_sink>(std::move(options));
}

}  // namespace logpipe::store
