#include "core/mutex.hpp"
#include "core/stage_health.hpp"
#include "group_positions.hpp"
#include "group_reader.hpp"
#include "intake.hpp"
#include "kafka/kafka.hpp"
#include "kafka_metrics.hpp"
#include "start_point.hpp"
#include "topic_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>

namespace logpipe::kafka {

namespace {

/// Between two threads of one machine: enough that neither waits for the other.
constexpr std::size_t intake_bytes_max = std::size_t{2} << 20U;

class kafka_source final : public source {
  public:
    explicit kafka_source(kafka_source_options options)
        : options_{std::move(options)}, intake_{std::min(options_.queue_bytes_max, intake_bytes_max)} {}

    ~kafka_source() override { stopping_ = true; }
    kafka_source(kafka_source const&) = delete;
    kafka_source& operator=(kafka_source const&) = delete;

    result<> open() override { return health_.noted(open_reader()); }
    std::string identity() const override { return identity_; }
    std::optional<event_counts> counted() const override { return positions_.counted(); }
    passed_offsets passed() const override { return positions_.passed(); }
    std::optional<std::uint64_t> backlog() const override {
        mutex_lock lock{mutex_};
        if (shown_ == nullptr) return std::nullopt;
        auto const unread = shown_->figures().unread.load();
        if (unread < 0) return std::nullopt;
        return static_cast<std::uint64_t>(unread) + intake_.events();
    }
    /// The group's offset is the one that counts: an operator moves it, other members continue from it. What a store
    /// has beyond it is read once more, and is a duplicate by its id there.
    result<> seek(std::span<position const>) override { return {}; }

    result<> read(batch& into, steady_time until) override {
        auto const taken = intake_.take(into, until);
        if (taken == intake::taken::events) return {};
        if (taken == intake::taken::closed_and_empty)
            return error{errc::end_of_input, fmt::format("kafka: topic {} was read", options_.topic)};
        if (reader_->outdated())
            return error{errc::not_connected, fmt::format("kafka: topic {} was deleted and recreated", options_.topic)};
        auto const trouble = reader_->trouble();
        if (trouble && reader_->fatal()) return error{errc::not_connected, trouble->message};
        if (trouble && trouble->code == errc::unauthorized) return *trouble;
        return {};
    }
    result<> commit(std::span<progress const> safe) override {
        positions_.commit(safe);
        return {};
    }
    void stop() override {
        stopping_ = true;
        intake_.close();
    }
    void wake() override { intake_.wake(); }
    stage_status status() const override;

  private:
    [[nodiscard]] result<> open_reader();
    void show(group_reader const* reader) {
        mutex_lock const lock{mutex_};
        shown_ = reader;
    }
    error explained(error reason) const {
        if (reason.code == errc::not_found) reason.message += ": create it, or start what writes to it";
        return reason;
    }

    kafka_source_options const options_;
    std::string identity_;
    std::atomic<bool> stopping_{false};
    intake intake_;
    group_positions positions_;
    stage_health health_;         // until there is a reader, which has its own
    group_reader::owner reader_;  // after what it fills
    mutable mutex mutex_;
    group_reader const* shown_ LOGPIPE_GUARDED_BY(mutex_) = nullptr;  // reader_, for any thread
};

result<> kafka_source::open_reader() {
    auto const start = parse_start_point(options_.from);
    if (!start) return start.error();
    if (options_.group.empty()) return error{errc::invalid_argument, "kafka: a source needs a group"};
    // A member that is delayed recovers by itself; only one that cannot is replaced.
    if (reader_ && !reader_->fatal() && !reader_->outdated()) {
        auto const trouble = reader_->trouble();
        return trouble && trouble->code == errc::unauthorized ? result<>{*trouble} : result<>{};
    }
    auto facts = find_topic(options_.connection, "kafka_source",
                            {.name = options_.topic, .with_offsets = options_.until_end}, stopping_);
    if (!facts) return explained(facts.error());
    identity_ = fmt::format("kafka:{}/{}", facts->cluster_id, options_.topic);
    group_reader::owner made{new group_reader{options_, *facts, *start, intake_, positions_}};
    show(made.get());
    reader_ = std::move(made);  // the old one has left before the new one joins
    auto started = reader_->start();
    if (!started) {
        show(nullptr);
        reader_.reset();
    }
    return started;
}

stage_status kafka_source::status() const {
    stage_status now;
    now.name = "kafka_source";
    mutex_lock lock{mutex_};
    if (shown_ == nullptr) {
        health_.describe(now);
        return now;
    }
    shown_->describe(now);
    auto const& counts = shown_->figures();
    now.metrics = {{metrics::lag, counts.lag},
                   {metrics::assigned, counts.assigned},
                   {metrics::buffered, intake_.bytes()},
                   {metrics::round_trip, shown_->round_trip_seconds()},
                   {metrics::rebalances, counts.rebalances},
                   {metrics::commits_failed, counts.commits_failed},
                   {metrics::tombstones, counts.tombstones},
                   {metrics::offsets_beyond_end, counts.beyond_end},
                   {metrics::offsets_of_deleted_topics, counts.of_other_topics},
                   {metrics::missing_offsets, counts.missing_offsets},
                   {metrics::expired_offsets, counts.expired_offsets}};
    return now;
}

}  // namespace

std::unique_ptr<source> make_kafka_source(kafka_source_options options) {
    return std::make_unique<kafka_source>(std::move(options));
}

}  // namespace logpipe::kafka
