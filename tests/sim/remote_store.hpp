// A store on another machine, in memory: it outlives the process that writes to it. It loses its answers, fails,
// rejects, and makes safe what it has taken only later.
#pragma once

#include "logpipe/stage.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::test {

/// What is durable there.
struct stored_events {
    std::map<event_id, std::string> documents;
    std::map<event_id, std::string> letters;
};

struct store_faults {
    double probability = 0.0;     ///< that a call fails, or that an answer is lost
    bool takes = false;           ///< what it has written it takes first, and makes safe later
    bool promises_early = false;  ///< a wrong store: it says safe before it is
};

/// The store's end in one process: what it holds goes with the process. One thread.
class store_sink final : public sink {
  public:
    store_sink(stored_events& store, store_faults& faults, std::mt19937_64& random)
        : store_{store}, faults_{faults}, random_{random} {}

    result<> open(completions& reports) override {
        if (fails()) return error{errc::not_connected, "the store is away"};
        reports_ = &reports;
        return {};
    }

    result<> write(batch& events) override {
        if (fails()) return error{random_() % 2 == 0 ? errc::not_connected : errc::storage_full, "no write"};
        if (random_() % 4 == 0 && reject(events)) return error{errc::rejected, "poison"};
        held one{.rows = rows_of(events), .events = {}};
        // It has all of it, and its answer is lost: the same batch comes again.
        if (fails()) {
            [[maybe_unused]] auto const counts = insert(one.rows);
            return error{errc::timed_out, "no answer"};
        }
        one.events = std::move(events);
        held_.push_back(std::move(one));
        return {};
    }

    result<> flush() override {
        if (fails()) return error{errc::timed_out, "no flush"};
        if (!faults_.takes) return make_safe();
        for (auto& each : held_) take(each);
        return {};
    }

    result<> make_safe() override {
        while (!held_.empty()) {
            if (fails()) return error{errc::storage_failed, "nothing is made safe"};
            finish(random_() % held_.size());
        }
        return {};
    }

    /// What goes on there by itself.
    void work() {
        if (held_.empty()) return;
        auto const which = random_() % held_.size();
        if (faults_.takes && random_() % 2 == 0) {
            take(held_[which]);
        } else if (fails()) {
            // Stored, and the answer is lost: it is asked once more later.
            [[maybe_unused]] auto const counts = insert(held_[which].rows);
        } else {
            finish(which);
        }
        while (!late_.empty()) {
            [[maybe_unused]] auto const counts = insert(late_.back());
            late_.pop_back();
        }
    }

    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {}
    stage_status status() const override { return {.name = "store_sink"}; }

  private:
    using row_list = std::vector<std::pair<event_id, std::string>>;
    struct held {
        row_list rows;
        batch events;
        bool is_taken = false;
    };

    [[nodiscard]] bool fails() { return std::uniform_real_distribution{}(random_) < faults_.probability; }

    static row_list rows_of(batch const& events) {
        row_list all;
        for (auto const& row : events.events)
            if (!row.rejected && !is_poison(events.payload(row))) all.emplace_back(row.id, events.payload(row));
        return all;
    }
    static bool is_poison(std::string_view payload) { return payload.contains("poison"); }
    static bool reject(batch& events) {
        bool any = false;
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            if (events.events[i].rejected || !is_poison(events.payload(events.events[i]))) continue;
            events.reject(i, "store", "poison");
            any = true;
        }
        return any;
    }

    void take(held& one) {
        if (one.is_taken) return;
        // What it rejects it rejects now, while it has the events.
        one.is_taken = true;
        if (reject(one.events)) return;
        reports_->taken(one.events);
    }

    /// @return indexed, already there
    event_counts insert(row_list const& what) {
        event_counts counts;
        for (auto const& [id, payload] : what)
            ++(store_.documents.emplace(id, payload).second ? counts.indexed : counts.duplicates);
        return counts;
    }

    void finish(std::size_t which) {
        auto one = std::move(held_[which]);
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
        if (!one.events.empty()) reject(one.events);
        if (faults_.promises_early) {
            one.events.counts.indexed += one.rows.size();
            late_.push_back(std::move(one.rows));
        } else {
            auto const counts = insert(one.rows);
            one.events.counts.indexed += counts.indexed;
            one.events.counts.duplicates += counts.duplicates;
        }
        reports_->done(std::move(one.events));
    }

    stored_events& store_;
    store_faults& faults_;
    std::mt19937_64& random_;
    completions* reports_ = nullptr;
    std::vector<held> held_;
    std::vector<row_list> late_;  // promised, and not durable
};

/// Dead letters there. One thread.
class store_letters final : public dead_letters {
  public:
    store_letters(stored_events& store, store_faults& faults, std::mt19937_64& random)
        : store_{store}, faults_{faults}, random_{random} {}

    result<> put(std::span<dead_letter const> letters) override {
        if (fails()) return error{errc::storage_full, "no room for letters"};
        for (auto const& each : letters) store_.letters.emplace(each.id, each.record);
        if (fails()) return error{errc::timed_out, "the letters' answer is lost"};
        return {};
    }

  private:
    [[nodiscard]] bool fails() { return std::uniform_real_distribution{}(random_) < faults_.probability; }

    stored_events& store_;
    store_faults& faults_;
    std::mt19937_64& random_;
};

}  // namespace logpipe::test
