// Dead letters through a sink: safe at once, as the journal's is, or later, as Kafka's. What the sink takes no whole is
// written in parts, so a letter never waits for room that will not come.
#include "codec/dead_letter_bundle.hpp"
#include "codec/dead_letter_frame.hpp"
#include "codec/dead_letter_json.hpp"
#include "codec/dead_letter_pack.hpp"
#include "core/chunk_hash.hpp"
#include "core/memory_budget.hpp"
#include "core/mutex.hpp"
#include "core/utf8.hpp"
#include "runtime/dead_letters.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace logpipe::runtime {

namespace {

// With these a head takes at most 4 KiB, as a frame and as headers.
constexpr std::size_t head_bytes_max = 4096;
constexpr std::size_t stage_bytes_max = 64;
constexpr std::size_t text_bytes_max = 1024;  // a tag of the forward protocol has no more

// Of one write: memory, and what a crash in between writes again.
constexpr std::size_t portion_bytes_max = std::size_t{8} << 20U;
// The first try at parts. Kafka's default for max.message.bytes is 1,048,588.
constexpr std::size_t part_bytes_first = 900'000;
constexpr std::size_t part_bytes_min = 1024;
// What is less is not worth a bundle, which a person cannot read in the file.
constexpr std::size_t bundle_bytes_min = std::size_t{64} << 10U;

using letter_span = std::span<dead_letter const>;

/// Some of the bytes of one of the letters that are being put.
struct letter_piece {
    std::size_t letter = 0;
    letter_part part;
    std::size_t begin = 0;
    std::size_t bytes = 0;
};

struct refused_piece {
    std::size_t letter = 0;
    std::string reason;
};
using refusals = std::vector<refused_piece>;

std::string_view cut(std::string_view text, std::size_t bytes_max) {
    if (text.size() <= bytes_max) return text;
    auto shown = text.substr(0, bytes_max);
    // Not within a character.
    for (int i = 0; i < 3 && !is_utf8(shown); ++i) shown.remove_suffix(1);
    return is_utf8(shown) ? shown : text.substr(0, bytes_max);
}

/// Without an id an event has no key, and a compacted topic takes nothing without one: what the letter says makes it.
event_id id_of(dead_letter const& letter) {
    if (letter.id) return letter.id;
    return chunk_hash(letter.tag, fmt::format("{} {}", letter.origin, letter.time_ns), letter.record);
}

std::vector<letter_piece> pieces_of(letter_span letters, std::size_t part_bytes) {
    std::vector<letter_piece> pieces;
    for (std::size_t i = 0; i < letters.size(); ++i) {
        auto const bytes = letters[i].record.size();
        auto const count = std::max<std::size_t>(bytes / part_bytes + (bytes % part_bytes != 0 ? 1 : 0), 1);
        for (std::size_t part = 0; part < count; ++part) {
            auto const begin = part * part_bytes;
            pieces.push_back(
                {.letter = i,
                 .part = {.index = static_cast<std::uint32_t>(part), .count = static_cast<std::uint32_t>(count)},
                 .begin = begin,
                 .bytes = std::min(part_bytes, bytes - begin)});
        }
    }
    return pieces;
}

/// The first so many together are a portion; at least one.
template <class Items, class Bytes>
std::size_t portion_of(Items items, Bytes bytes_of) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    while (count < items.size() && (count == 0 || bytes + bytes_of(items[count]) <= portion_bytes_max))
        bytes += bytes_of(items[count++]);
    return count;
}

/// @return 0 where smaller parts have no sense
std::size_t smaller_parts(std::size_t bytes) {
    if (bytes > part_bytes_first) return part_bytes_first;
    return bytes > part_bytes_min ? std::max(bytes / 2, part_bytes_min) : 0;
}

void append_piece(batch& events, letter_form form, dead_letter_view const& letter) {
    auto const tag = events.tag_index("logpipe.dead");
    if (form == letter_form::json) {
        // A document's id must be its own.
        auto const id = letter.part.is_whole()
                            ? letter.id
                            : chunk_hash("part", letter.id.text(), std::to_string(letter.part.index));
        events.append(tag, id, letter.time_ns, codec::to_json(letter));
        return;
    }
    auto& row = events.append(tag, letter.id, letter.time_ns, {});
    codec::append_dead_letter_frame(events.records, letter);
    row.record_bytes = static_cast<std::uint32_t>(events.records.size() - row.record_begin);
}

batch batch_of(letter_span letters, std::span<letter_piece const> pieces, letter_form form) {
    batch events;
    for (auto const& piece : pieces) {
        auto const& letter = letters[piece.letter];
        auto view = view_of(letter);
        std::string reason;
        if (letter.tag.size() > text_bytes_max) {
            reason = fmt::format("(its tag of {} bytes is cut) {}", letter.tag.size(), letter.reason);
            view.reason = reason;
        }
        view.id = id_of(letter);
        view.stage = cut(view.stage, stage_bytes_max);
        view.reason = cut(view.reason, text_bytes_max);
        view.origin = cut(view.origin, text_bytes_max);
        view.tag = cut(view.tag, text_bytes_max);
        view.part = piece.part;
        view.record = view.record.substr(piece.begin, piece.bytes);
        append_piece(events, form, view);
        // One for all, so that neighbours share a frame of the journal.
        events.events.back().received_ns = letters.front().time_ns;
    }
    events.end_offset = pieces.size();
    return events;
}

/// One record in place of many where that is much smaller: letters of one batch say nearly the same, and a client that
/// sends a thousand bad lines in a few bytes must not fill our disk with their tag. A few letters stay as they are.
void make_bundle(batch& events) {
    if (events.events.size() < 2 || events.records.size() < bundle_bytes_min) return;
    std::vector<std::string_view> frames;
    for (auto const& row : events.events) frames.push_back(events.record(row));
    auto const record = codec::dead_letter_bundle(frames);
    if (record.size() > events.records.size() / 2) return;
    batch one;
    auto const& first = events.events.front();
    auto& row =
        one.append(one.tag_index(events.tags[first.tag]), first.id.at(codec::pack_index), first.time_ns, record);
    row.received_ns = first.received_ns;
    one.end_offset = 1;
    events = std::move(one);
}

class dead_letter_writer final : public dead_letters, private completions {
  public:
    dead_letter_writer(std::unique_ptr<sink> to, letter_form form, std::chrono::milliseconds timeout)
        : form_{form}, timeout_{timeout}, to_{std::move(to)} {}
    ~dead_letter_writer() override { to_.reset(); }  // it may report until it is gone
    dead_letter_writer(dead_letter_writer const&) = delete;
    dead_letter_writer& operator=(dead_letter_writer const&) = delete;

    result<> put(letter_span letters) override {
        mutex_lock const one_at_a_time{calls_};
        while (!letters.empty()) {
            auto const count = portion_of(letters, bytes_of);
            if (auto put = put_portion(letters.first(count)); !put) return put;
            letters = letters.subspan(count);
        }
        outcomes_.clear();
        return {};
    }

    stage_status status() const override {
        auto now = to_->status();
        now.name = "dead_letters";
        return now;
    }

    void cancel() override {
        {
            mutex_lock const lock{mutex_};
            cancelled_ = true;
        }
        to_->cancel();
        changed_.notify_all();
    }

  private:
    struct held_letters {
        event_id name;  // of what they say
        std::uint64_t sequence = 0;
        std::optional<batch> finished;
    };
    struct outcome {
        event_id name;  // of what they say
        refusals refused;
    };

    [[nodiscard]] result<> put_portion(letter_span letters) LOGPIPE_REQUIRES(calls_) {
        if (letters.size() == 1) return put_alone(letters);
        auto refused = write(letters, pieces_of(letters, SIZE_MAX));
        if (!refused) return refused.error();
        for (auto const& each : *refused)
            if (auto put = put_alone(letters.subspan(each.letter, 1)); !put) return put;
        return {};
    }

    /// Whole, else in parts that become smaller until the sink takes all of them.
    [[nodiscard]] result<> put_alone(letter_span letter) LOGPIPE_REQUIRES(calls_) {
        auto bytes = std::max<std::size_t>(letter.front().record.size(), 1);
        while (true) {
            auto const pieces = pieces_of(letter, bytes);
            std::span left{pieces};
            refusals refused;
            while (!left.empty() && refused.empty()) {
                auto const count = portion_of(left, [](auto const& each) { return each.bytes + head_bytes_max; });
                auto written = write(letter, left.first(count));
                if (!written) return written.error();
                refused = *std::move(written);
                left = left.subspan(count);
            }
            if (refused.empty()) return {};
            bytes = smaller_parts(bytes);
            if (bytes == 0)
                return in_context("dead letters",
                                  {errc::rejected, fmt::format("{} (not even in parts of {} bytes: see to "
                                                               "the limits of their destination)",
                                                               refused.front().reason, part_bytes_min)});
        }
    }

    /// @return those that the sink rejects; the others are safe
    [[nodiscard]] result<refusals> write(letter_span letters, std::span<letter_piece const> pieces)
        LOGPIPE_REQUIRES(calls_) {
        if (!open_) {
            if (auto opened = to_->open(*this); !opened) return in_context("dead letters", opened.error());
            open_ = true;
        }
        memory_share memory{process_memory(), "dead letters"};
        auto events = batch_of(letters, pieces, form_);
        memory.set(events.used_bytes());
        if (form_ == letter_form::bundle) make_bundle(events);
        auto const name = chunk_hash({}, {}, events.records);
        auto const known = std::ranges::find(outcomes_, name, &outcome::name);
        if (known != outcomes_.end()) return known->refused;
        if (!is_held(name)) {
            events.sequence = hold(name);
            auto const sequence = events.sequence;
            auto const taken = offer(events);
            if (!taken || !*taken) forget(sequence);
            if (!taken) return failed(taken.error());
            if (!*taken) return refusals_of(events, pieces);
        }
        // What the sink holds of a put() that failed is not written again: the sink goes on with it.
        if (auto flushed = to_->make_safe(); !flushed) return failed(flushed.error());
        auto const finished = wait_for(name);
        if (!finished) return finished.error();
        auto refused = refusals_of(*finished, pieces);
        // One letter that was rejected is offered again: its destination's limit may have been raised.
        if (refused.empty() || letters.size() > 1) outcomes_.push_back({name, refused});
        return refused;
    }

    /// @return false when the sink rejects all of it
    [[nodiscard]] result<bool> offer(batch& events) LOGPIPE_REQUIRES(calls_) {
        while (events.rejections.size() < events.events.size()) {
            auto const rejected_before = events.rejections.size();
            auto const written = to_->write(events);
            if (written) return true;
            if (written.error().code != errc::rejected) return written.error();
            if (events.rejections.size() > rejected_before) continue;  // the sink has named some
            for (std::uint32_t i = 0; i < events.events.size(); ++i)
                if (!events.events[i].rejected) events.reject(i, "sink", written.error().message);
        }
        return false;
    }

    static refusals refusals_of(batch const& finished, std::span<letter_piece const> pieces) {
        refusals all;
        bool const is_bundle = finished.events.size() < pieces.size();
        for (auto const& each : finished.rejections) {
            if (!is_bundle) all.push_back({pieces[each.event].letter, each.reason});
            for (std::size_t i = 0; is_bundle && i < pieces.size(); ++i) all.push_back({pieces[i].letter, each.reason});
        }
        return all;
    }

    [[nodiscard]] bool is_held(event_id name) {
        mutex_lock const lock{mutex_};
        return std::ranges::find(held_, name, &held_letters::name) != held_.end();
    }
    [[nodiscard]] std::uint64_t hold(event_id name) {
        mutex_lock const lock{mutex_};
        held_.push_back({.name = name, .sequence = ++sequence_, .finished = std::nullopt});
        return sequence_;
    }
    void forget(std::uint64_t sequence) {
        mutex_lock const lock{mutex_};
        std::erase_if(held_, [&](held_letters const& each) { return each.sequence == sequence; });
    }

    [[nodiscard]] result<batch> wait_for(event_id name) {
        mutex_lock lock{mutex_};
        auto const place = [&]()
                               LOGPIPE_REQUIRES(mutex_) { return std::ranges::find(held_, name, &held_letters::name); };
        bool const over = changed_.wait_for(
            lock, timeout_, [&]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || place()->finished.has_value(); });
        auto const found = place();
        if (found->finished) {
            auto finished = *std::move(found->finished);
            held_.erase(found);
            return finished;
        }
        if (over) return error{errc::cancelled, "dead letters: given up"};
        return error{errc::timed_out, fmt::format("dead letters: not safe after {}", timeout_)};
    }

    void done(batch&& finished) override {
        {
            mutex_lock const lock{mutex_};
            auto const found = std::ranges::find(held_, finished.sequence, &held_letters::sequence);
            if (found == held_.end()) return;
            found->finished = std::move(finished);
        }
        changed_.notify_all();
    }

    error failed(error const& reason) LOGPIPE_REQUIRES(calls_) {
        open_ = false;
        return in_context("dead letters", reason);
    }

    letter_form const form_;
    std::chrono::milliseconds const timeout_;
    mutex calls_;  // one put() at a time; also the sink is called with it, but for cancel() and status()
    bool open_ LOGPIPE_GUARDED_BY(calls_) = false;
    std::vector<outcome> outcomes_
        LOGPIPE_GUARDED_BY(calls_);  // of what a put() that failed had written: not written again
    mutex mutex_;
    condition changed_;
    std::vector<held_letters> held_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t sequence_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
    std::unique_ptr<sink> to_;
};

}  // namespace

std::unique_ptr<dead_letters> make_dead_letters(std::unique_ptr<sink> to, letter_form form,
                                                std::chrono::milliseconds timeout) {
    return std::make_unique<dead_letter_writer>(std::move(to), form, timeout);
}

}  // namespace logpipe::runtime
