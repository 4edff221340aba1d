// Dead letters in a journal, their tombstones in the journal beside it (tombstone.hpp).
#include "audit/letters.hpp"
#include "codec/dead_letter_bundle.hpp"
#include "codec/dead_letter_frame.hpp"
#include "codec/dead_letter_json.hpp"
#include "core/clock.hpp"
#include "core/json_text.hpp"
#include "core/mutex.hpp"
#include "journal/journal.hpp"
#include "letter_space.hpp"
#include "tombstone.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <set>

namespace logpipe::audit {

namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
constexpr std::int64_t attempts_kept_ns = std::int64_t{7 * 24 * 3600} * 1'000'000'000;

// Only a disk that hangs takes as long.
constexpr auto safe_timeout = std::chrono::seconds{60};

/// Puts batches into a journal, one after the other: what is sent a second time on purpose is not a client's duplicate.
/// What else syncs the journal, from another thread, may be the one who reports our batch, also after our own flush().
class journal_writer final : private completions {
  public:
    journal_writer(std::shared_ptr<journal::topic> topic, events_safe on_safe)
        : topic_{std::move(topic)},
          on_safe_{std::move(on_safe)},
          to_{topic_->make_sink(journal::journal_duplicates::keep)} {}
    ~journal_writer() override { to_.reset(); }
    journal_writer(journal_writer const&) = delete;
    journal_writer& operator=(journal_writer const&) = delete;

    [[nodiscard]] result<> put(batch events) {
        if (!open_)
            if (auto opened = to_->open(*this); !opened) return opened;
        open_ = true;
        events.sequence = begin();
        if (auto written = to_->write(events); !written) return written;
        if (auto flushed = to_->make_safe(); !flushed) return flushed;
        return wait_until_safe();
    }

  private:
    [[nodiscard]] std::uint64_t begin() {
        mutex_lock const lock{mutex_};
        outcome_.reset();
        return ++sequence_;
    }

    [[nodiscard]] result<> wait_until_safe() {
        mutex_lock lock{mutex_};
        if (changed_.wait_for(lock, safe_timeout, [&]() LOGPIPE_REQUIRES(mutex_) { return outcome_.has_value(); }))
            return *outcome_;
        return error{errc::timed_out, fmt::format("the journal did not make it durable within {}", safe_timeout)};
    }

    /// From whatever thread syncs the journal. What a put() that failed had written comes as well, with a later sync.
    void done(batch&& finished) override {
        if (on_safe_) on_safe_(finished.events.size() - finished.rejections.size());
        mutex_lock const lock{mutex_};
        if (finished.sequence != sequence_) return;
        outcome_.emplace();
        if (!finished.rejections.empty()) outcome_ = error{errc::rejected, finished.rejections.front().reason};
        changed_.notify_all();
    }

    std::shared_ptr<journal::topic> const topic_;
    events_safe const on_safe_;
    bool open_ = false;
    mutex mutex_;
    condition changed_;
    std::uint64_t sequence_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    std::optional<result<>> outcome_ LOGPIPE_GUARDED_BY(mutex_);  // of the batch `sequence_`
    std::unique_ptr<sink> to_;
};

result<std::shared_ptr<journal::topic>> open_to_write(std::string const& folder, environment const& world = {}) {
    auto opened = journal::open_journal({.folder = folder}, world);
    if (!opened) return opened.error();
    return *std::move(opened);
}

/// Of a letter that was retried and is gone: what comes of the retry may be a letter again, and that is one attempt
/// more.
bool is_kept_for_attempts(batch const& events, event const& row, std::int64_t now_ns) {
    return row.time_ns > now_ns - attempts_kept_ns && events.record(row).ends_with(R"("why":"retried"})");
}

class journal_letters final : public letter_topic {
  public:
    journal_letters(std::string folder, std::shared_ptr<journal::topic> open, environment world)
        : world_{std::move(world)}, folder_{std::move(folder)}, open_{std::move(open)} {}

    result<> scan(std::function<result<>(letter_entry const&)> const& each) override {
        if (auto handled = scan_tombstones(each); !handled) return handled;
        return journal::export_journal(
            folder_,
            [&](batch const& events) -> result<> {
                for (auto const& row : events.events)
                    if (auto handled = each_entry_of(events, row, each); !handled) return handled;
                return {};
            },
            *world_.files);
    }

    /// One resolves all parts: here nothing is compacted.
    result<> resolve(std::span<resolved_letter const> letters, std::string_view reason) override {
        if (!done_) {
            auto opened = open_to_write(done_folder(), world_);
            if (!opened) return opened.error();
            done_topic_ = *std::move(opened);
            done_.emplace(done_topic_, events_safe{});
        }
        batch events;
        auto const now_ns = world_.now();
        for (auto const& each : letters)
            events.append(events.tag_index("logpipe.dead"), {}, now_ns, tombstone_of(each, reason, now_ns));
        events.end_offset = letters.size();
        return done_->put(std::move(events));
    }

    /// Here a tombstone is in a separate topic and overtakes nothing.
    result<> rewrite(std::span<letter_entry const> /*letters*/) override { return {}; }

    result<freed_space> free(std::function<bool(letter_entry const&)> const& is_needed) override {
        auto const ranges = free_ranges(*world_.files, folder_, [&](batch const& events, event const& row) {
            bool needed = false;
            auto const taken = each_entry_of(events, row, [&](letter_entry const& entry) -> result<> {
                needed = needed || is_needed(entry);
                return {};
            });
            return needed || !taken;
        });
        if (!ranges) return ranges.error();
        auto room = free_letters(folder_, open_, *ranges);
        if (!room || room->pending || !done_) return room;
        auto const tombstones = free_tombstones();
        if (!tombstones) return tombstones.error();
        room->freed_bytes += *tombstones;
        return room;
    }

  private:
    /// Those of letters that are not there any more.
    result<std::uint64_t> free_tombstones() {
        std::set<event_id> there;
        auto scanned = journal::export_journal(
            folder_,
            [&](batch const& events) -> result<> {
                auto const keep = [&](letter_entry const& entry) -> result<> {
                    there.insert(entry.id);
                    return {};
                };
                for (auto const& row : events.events)
                    if (auto kept = each_entry_of(events, row, keep); !kept) return kept;
                return {};
            },
            *world_.files);
        if (!scanned) return scanned.error();
        auto const ranges = free_ranges(*world_.files, done_folder(), [&](batch const& events, event const& row) {
            auto const tombstone = parse_tombstone(events.record(row));
            return !tombstone || there.contains(tombstone->id) || is_kept_for_attempts(events, row, world_.now());
        });
        if (!ranges) return ranges.error();
        return done_topic_->free(*ranges);
    }

    std::string done_folder() const { return folder_ + ".done"; }

    result<> scan_tombstones(std::function<result<>(letter_entry const&)> const& each) const {
        auto scanned = journal::export_journal(
            done_folder(),
            [&](batch const& events) -> result<> {
                for (auto const& row : events.events)
                    if (auto const tombstone = parse_tombstone(events.record(row)))
                        if (auto handled = each(*tombstone); !handled) return handled;
                return {};
            },
            *world_.files);
        return !scanned && scanned.error().code == errc::not_found ? result<>{} : scanned;  // none was written yet
    }

    using each_entry = std::function<result<>(letter_entry const&)>;

    static result<> each_entry_of(batch const& events, event const& row, each_entry const& each) {
        auto const record = events.record(row);
        if (!codec::is_dead_letter_bundle(record)) return each(entry_of(row.id, record));
        std::optional<error> stopped;
        auto read = codec::each_in_bundle(record, [&](std::string_view frame) -> result<> {
            auto handled = each(entry_of(row.id, frame));
            if (!handled) stopped = handled.error();
            return handled;
        });
        if (read || stopped) return read;
        return each(entry_of(row.id, {}));  // damaged: one that cannot be read
    }

    static letter_entry entry_of(event_id id, std::string_view record) {
        letter_entry entry{
            .id = id, .time_ms = 0, .tombstone = false, .attempts = 0, .letter = std::nullopt, .part = {}};
        if (auto const letter = codec::read_dead_letter_frame(record)) {
            entry.letter = copy_of(*letter);
            entry.part = letter->part;
        } else if (auto read = codec::parse_dead_letter(record)) {
            entry.letter = *std::move(read);  // in JSON, as logpipe wrote them before
        }
        if (!entry.letter) return entry;
        if (entry.letter->id) entry.id = entry.letter->id;
        entry.letter->id = entry.id;
        entry.time_ms = entry.letter->time_ns / ns_per_ms;
        return entry;
    }

    environment const world_;
    std::string const folder_;
    std::shared_ptr<journal::topic> const open_;
    std::shared_ptr<journal::topic> done_topic_;
    std::optional<journal_writer> done_;
};

}  // namespace

std::unique_ptr<letter_topic> make_journal_letters(std::string folder, std::shared_ptr<journal::topic> open,
                                                   environment world) {
    return std::make_unique<journal_letters>(std::move(folder), std::move(open), std::move(world));
}

result<letter_input> make_journal_input(std::string folder) {
    auto opened = open_to_write(folder);
    if (!opened) return opened.error();
    return make_journal_input(*std::move(opened));
}

letter_input make_journal_input(std::shared_ptr<journal::topic> open, events_safe on_safe) {
    // std::function copies what it holds, which a writer is not to be.
    auto writer = std::make_shared<journal_writer>(std::move(open), std::move(on_safe));
    return letter_input{[writer](std::span<dead_letter const> letters) {
        batch events;
        for (auto const& each : letters) {
            auto& row = events.append(events.tag_index(each.tag), each.id, each.event_time_ns, each.record);
            row.received_ns = each.received_ns;
        }
        events.end_offset = letters.size();
        return writer->put(std::move(events));
    }};
}

}  // namespace logpipe::audit
