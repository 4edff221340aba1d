// Dead letters through a sink: safe at once, as the journal's is, or later, as Kafka's.
#include "base/chunk_hash.hpp"
#include "logpipe/pipeline.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <vector>

namespace logpipe {

namespace {

/// Without an id there is no key, and a compacted topic takes nothing without one: what the letter says makes it.
event_id id_of(dead_letter const& letter) {
    if (letter.id) return letter.id;
    return chunk_hash(letter.tag, fmt::format("{} {}", letter.origin, letter.time_ns), letter.record);
}

batch batch_of(std::span<dead_letter const> letters) {
    batch events;
    for (auto const& letter : letters) {
        auto keyed = letter;
        keyed.id = id_of(letter);
        auto& row = events.append(events.tag_index("logpipe.dead"), keyed.id, letter.time_ns, to_json(keyed));
        // One for all, so that neighbours share a frame of the journal.
        row.received_ns = letters.front().time_ns;
    }
    events.end_offset = letters.size();
    return events;
}

class dead_letter_writer final : public dead_letters, private completions {
  public:
    dead_letter_writer(std::unique_ptr<sink> to, std::chrono::milliseconds patience)
        : patience_{patience}, to_{std::move(to)} {}
    ~dead_letter_writer() override { to_.reset(); }  // it may report until it is gone
    dead_letter_writer(dead_letter_writer const&) = delete;
    dead_letter_writer& operator=(dead_letter_writer const&) = delete;

    result<> put(std::span<dead_letter const> letters) override {
        if (letters.empty()) return {};
        std::lock_guard const one_at_a_time{calls_};
        if (!open_) {
            if (auto opened = to_->open(*this); !opened) return in_context("dead letters", opened.error());
            open_ = true;
        }
        auto events = batch_of(letters);
        auto const name = chunk_hash({}, {}, events.records);
        if (!is_held(name)) {
            events.sequence = hold(name);
            auto const sequence = events.sequence;
            if (auto written = to_->write(events); !written) {
                forget(sequence);
                return failed(written.error());
            }
        }
        // What the sink holds of a put() that failed is not written again: the sink goes on with it.
        if (auto flushed = to_->flush(); !flushed) return failed(flushed.error());
        return wait_for(name);
    }

    void cancel() override {
        {
            std::lock_guard const lock{mutex_};
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

    [[nodiscard]] bool is_held(event_id name) {
        std::lock_guard const lock{mutex_};
        return std::ranges::find(held_, name, &held_letters::name) != held_.end();
    }
    [[nodiscard]] std::uint64_t hold(event_id name) {
        std::lock_guard const lock{mutex_};
        held_.push_back({.name = name, .sequence = ++sequence_, .finished = std::nullopt});
        return sequence_;
    }
    void forget(std::uint64_t sequence) {
        std::lock_guard const lock{mutex_};
        std::erase_if(held_, [&](held_letters const& each) { return each.sequence == sequence; });
    }

    [[nodiscard]] result<> wait_for(event_id name) {
        std::unique_lock lock{mutex_};
        auto const place = [&] { return std::ranges::find(held_, name, &held_letters::name); };
        bool const over =
            changed_.wait_for(lock, patience_, [&] { return cancelled_ || place()->finished.has_value(); });
        auto const found = place();
        if (found->finished) {
            auto const finished = *std::move(found->finished);
            held_.erase(found);
            if (finished.rejections.empty()) return {};
            return in_context("dead letters", {errc::rejected, finished.rejections.front().reason});
        }
        if (over) return error{errc::cancelled, "dead letters: given up"};
        return error{errc::timed_out, fmt::format("dead letters: not safe after {}", patience_)};
    }

    void done(batch&& finished) override {
        {
            std::lock_guard const lock{mutex_};
            auto const found = std::ranges::find(held_, finished.sequence, &held_letters::sequence);
            if (found == held_.end()) return;
            found->finished = std::move(finished);
        }
        changed_.notify_all();
    }

    error failed(error const& why) {
        open_ = false;
        return in_context("dead letters", why);
    }

    std::chrono::milliseconds const patience_;
    std::mutex calls_;  // guards open_, and the sink but for cancel()
    bool open_ = false;
    std::mutex mutex_;  // guards held_, sequence_, cancelled_
    std::condition_variable changed_;
    std::vector<held_letters> held_;
    std::uint64_t sequence_ = 0;
    bool cancelled_ = false;
    std::unique_ptr<sink> to_;
};

}  // namespace

std::unique_ptr<dead_letters> make_dead_letters(std::unique_ptr<sink> to, std::chrono::milliseconds patience) {
    return std::make_unique<dead_letter_writer>(std::move(to), patience);
}

}  // namespace logpipe
