#include "journal_source.hpp"

#include "core/log.hpp"
#include "core/mutex.hpp"
#include "core/stage_health.hpp"
#include "group_cursor.hpp"
#include "journal_metrics.hpp"
#include "topic_folder.hpp"
#include "topic_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <optional>

namespace logpipe::journal {

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds poll_interval{50};

class journal_source final : public source {
  public:
    journal_source(journal_source_options options, environment world, std::shared_ptr<topic_writer> writer)
        : world_{std::move(world)},
          folder_{std::move(options.folder)},
          until_end_{options.until_end},
          name_{fmt::format("journal {}", topic_name(folder_))},
          writer_{std::move(writer)},
          mark_{writer_ ? writer_->mark() : std::make_shared<shared_mark>()},
          cursor_{world_, folder_, std::move(options.group)},
          reader_{*world_.files, folder_, mark_} {}

    ~journal_source() override {
        if (!cursor_.is_open() || cursor_.due() == steady_clock::time_point::max()) return;
        if (auto stored = store_cursor_now(); !stored)
            log_warn("{}: {}; the last events will be read twice", name_, stored.error().message);
    }
    journal_source(journal_source const&) = delete;
    journal_source& operator=(journal_source const&) = delete;

    /// Also after a failure: what was read stays read, its batches are in flight.
    result<> open() override { return health_.noted(open_topic()); }
    std::string identity() const override { return identity_; }
    std::optional<event_counts> counted() const override { return counted_before_; }
    std::optional<std::uint64_t> backlog() const override;
    result<> seek(std::span<position const> stored) override;
    result<> seek_oldest() override;
    result<> read(batch& into, steady_time until) override { return health_.noted(read_until(into, until)); }
    result<> commit(std::span<progress const> safe) override { return health_.noted(move_cursor(safe)); }

    void stop() override {
        stopping_ = true;
        mark_->notify();
    }
    void wake() override {
        woken_ = true;
        mark_->notify();
    }
    stage_status status() const override;

  private:
    [[nodiscard]] result<> open_topic();
    [[nodiscard]] result<> read_state() const;
    [[nodiscard]] result<std::uint64_t> oldest_offset() const;
    [[nodiscard]] result<> read_until(batch& into, steady_time until);
    [[nodiscard]] result<> move_cursor(std::span<progress const> safe);
    [[nodiscard]] result<> store_cursor_now();

    environment const world_;
    std::string const folder_;
    bool const until_end_;
    std::string const name_;
    std::shared_ptr<topic_writer> const writer_;
    std::shared_ptr<shared_mark> const mark_;
    mutable mutex state_mutex_;
    std::unique_ptr<file> state_ LOGPIPE_GUARDED_BY(state_mutex_);
    std::string identity_;
    event_counts counted_before_;  // set by the first open()
    group_cursor cursor_;
    topic_reader reader_;
    std::optional<std::uint64_t> stop_at_;  // set by stop(), or by open() where only what is there is read
    std::atomic<bool> stopping_ = false;
    std::atomic<bool> woken_ = false;
    std::atomic<bool> known_ = false;  // its position and its end are
    std::atomic<std::uint64_t> committed_ = 0;
    std::atomic<std::uint64_t> read_ = 0;
    std::atomic<std::uint64_t> lost_ = 0;
    stage_health health_;
};

result<> journal_source::open_topic() {
    auto const identity = load_identity(*world_.files, folder_);
    if (!identity && identity.error().code == errc::not_found)
        return error{errc::not_connected,
                     fmt::format("{}: no journal in this folder yet: it is opened when its writer has made it{}",
                                 folder_, nearest_journal_hint(*world_.files, folder_))};
    if (!identity) return identity.error();
    if (!writer_) {
        auto state = world_.files->open(state_path(folder_), file_access::read);
        if (!state && state.error().code == errc::not_found)
            return error{errc::not_connected,
                         fmt::format("{}: the journal has not been written yet: it is opened when its writer has begun",
                                     folder_)};
        if (!state) return state.error();
        {
            mutex_lock lock{state_mutex_};
            state_ = *std::move(state);
        }
        if (auto read = read_state(); !read) return read;
    }
    identity_ = identity_text(folder_, *identity);
    if (cursor_.is_open()) return {};

    auto const oldest = oldest_offset();
    if (!oldest) return oldest.error();
    if (auto opened = cursor_.open(*oldest); !opened) return opened;
    counted_before_ = cursor_.at().counts;
    reader_.seek(cursor_.at().offset);
    committed_ = read_ = cursor_.at().offset;
    if (until_end_) stop_at_ = mark_->get().offset;
    known_ = true;
    return {};
}

result<std::uint64_t> journal_source::oldest_offset() const {
    auto const segments = list_segments(*world_.files, folder_);
    if (!segments) return segments.error();
    return segments->empty() ? mark_->get().offset : segments->front();
}

/// Another process writes: its state is read here as well, since nothing calls read() while the sink is down.
std::optional<std::uint64_t> journal_source::backlog() const {
    if (!known_) return std::nullopt;
    if (auto const read = read_state(); !read) return std::nullopt;  // read() reports it
    return mark_->events_from(read_);
}

/// A half-written state is ignored: the next call reads it whole.
result<> journal_source::read_state() const {
    if (writer_) return {};
    mutex_lock lock{state_mutex_};
    std::array<char, state_bytes> bytes{};
    auto const got = state_->read_at(0, bytes);
    if (!got) return got.error();
    auto const mark = decode_state({bytes.data(), *got});
    if (mark && *mark != mark_->get()) mark_->publish(*mark);
    return {};
}

result<> journal_source::seek(std::span<position const> stored) {
    for (auto const& [partition, offset] : stored) {
        if (partition != 0) continue;
        // The journal lost its end: offsets that the sink already has must not be given to other events.
        if (writer_)
            if (auto raised = writer_->raise_to(offset); !raised) return raised;
        reader_.seek(offset);
        cursor_.move(offset, {});
        committed_ = read_ = offset;
        if (auto moved = store_cursor_now(); !moved) return moved;
    }
    return {};
}

result<> journal_source::seek_oldest() {
    auto const oldest = oldest_offset();
    if (!oldest) return oldest.error();
    if (*oldest >= cursor_.at().offset) return {};
    log_warn(
        "{}: the store has no position of it: starting with the oldest event, at offset {}, instead of the group's "
        "position {}",
        name_, *oldest, cursor_.at().offset);
    cursor_.restart(*oldest);
    reader_.seek(*oldest);
    committed_ = read_ = *oldest;
    return store_cursor_now();
}

result<> journal_source::read_until(batch& into, steady_time until) {
    while (true) {
        if (auto read = read_state(); !read) return read;
        auto const seen = mark_->get();
        if (stopping_ && !stop_at_) stop_at_ = std::max(seen.offset, reader_.position());
        auto allowed = seen;
        if (stop_at_) allowed.offset = std::min(allowed.offset, *stop_at_);

        // What was read before a failure is given out; the next read fails with the same error.
        if (auto got = reader_.read(into, allowed); !got && into.empty()) return got;
        lost_ = reader_.lost_offsets();
        read_ = reader_.position();
        if (!into.empty()) {
            woken_ = false;
            into.partition = 0;
            into.end_offset = reader_.position();
            into.origin = name_;
            return {};
        }
        auto const now = world_.steady();
        if (now >= cursor_.due())
            if (auto stored = store_cursor_now(); !stored) return stored;
        if (woken_.exchange(false)) return {};
        if (stop_at_ && reader_.position() >= *stop_at_)
            return error{errc::end_of_input, fmt::format("{}: everything up to offset {} was read", name_, *stop_at_)};
        if (now >= until) return {};
        auto wait_until = std::min(until, cursor_.due());
        if (!writer_) wait_until = std::min(wait_until, now + poll_interval);
        mark_->wait(seen, wait_until, [&] { return woken_.load() || (stopping_ && !stop_at_); });
    }
}

/// On failure the old position holds, and the caller tries the same progress later.
result<> journal_source::move_cursor(std::span<progress const> safe) {
    auto const before = cursor_.at();
    for (auto const& step : safe)
        if (step.safe.partition == 0) cursor_.move(std::max(step.safe.offset, cursor_.at().offset), step.counts);
    if (world_.steady() >= cursor_.due()) {
        if (auto stored = store_cursor_now(); !stored) {
            cursor_.undo(before);
            return stored;
        }
    }
    committed_ = cursor_.at().offset;
    return {};
}

result<> journal_source::store_cursor_now() {
    if (auto stored = cursor_.store(); !stored) return stored;
    if (!writer_) return {};
    // Segments that stay are tried with the next move.
    if (auto freed = writer_->free_passed(cursor_.at().offset); !freed)
        log_warn("{}: {}", name_, freed.error().message);
    return {};
}

stage_status journal_source::status() const {
    auto const committed = committed_.load();
    auto const mark = mark_->get();
    stage_status now;
    now.name = "journal_source";
    now.metrics = {{metrics::lag, mark_->events_from(committed)},
                   {metrics::read_offset, read_},
                   {metrics::committed_offset, committed},
                   {metrics::synced_offset, mark.offset},
                   {metrics::lost_offsets, lost_}};
    health_.describe(now);
    if (now.reason.empty() && committed > mark.offset)
        now.reason = fmt::format(
            "its position {} is beyond the journal's end {}: restart the journal's writer, which will go on from that "
            "position",
            committed, mark.offset);
    now.up = now.reason.empty();
    return now;
}

}  // namespace

std::unique_ptr<source> make_source(journal_source_options options, environment world,
                                    std::shared_ptr<topic_writer> writer) {
    return std::make_unique<journal_source>(std::move(options), std::move(world), std::move(writer));
}

}  // namespace logpipe::journal
