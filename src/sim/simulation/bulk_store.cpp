#include "bulk_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <list>

namespace logpipe::sim {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t batches_max = 6;
constexpr std::size_t documents_max = 8;  // of a request
constexpr std::size_t requests_max = 2;

class simulated_bulk_sink final : public bulk_sink {
  public:
    simulated_bulk_sink(course& of, bulk_store& to, chance& by) : course_{of}, to_{to}, chance_{by} {}

    result<> open(completions& reports) override {
        if (!to_.is_there()) return error{errc::not_connected, "the store is away"};
        reports_ = &reports;
        return {};
    }
    result<> write(batch& events) override {
        if (held_.size() >= batches_max) return error{errc::timed_out, "the store's queue is full"};
        auto& held = held_.emplace_back();
        held.events = std::move(events);
        request next;
        for (std::uint32_t i = 0; i < held.events.events.size(); ++i) {
            if (held.events.events[i].rejected) continue;
            ++held.left;
            next.rows.push_back({.of = &held, .row = i});
            if (next.rows.size() == documents_max) waiting_.push_back(std::exchange(next, {}));
        }
        if (!next.rows.empty()) waiting_.push_back(std::move(next));
        if (held.left == 0) complete(held);
        return {};
    }
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override {}
    stage_status status() const override { return {.name = "bulk_sink"}; }

    steady_time due() const override {
        auto earliest = steady_time::max();
        for (auto const& each : sent_) earliest = std::min(earliest, each.due);
        if (sent_.size() < requests_max)
            for (auto const& each : waiting_) earliest = std::min(earliest, each.due);
        return earliest;
    }
    void step() override {
        auto const now = course_.time.now;
        auto const is_due = [&](request const& each) { return each.due <= now; };
        if (auto const answered = std::ranges::find_if(sent_, is_due); answered != sent_.end()) {
            auto done = std::move(*answered);
            sent_.erase(answered);
            take_response(std::move(done));
            return;
        }
        auto const next = std::ranges::find_if(waiting_, is_due);
        if (next == waiting_.end() || sent_.size() >= requests_max) return;
        auto sending = std::move(*next);
        waiting_.erase(next);
        send(std::move(sending));
    }

  private:
    struct held_batch {
        batch events;
        std::size_t left = 0;
    };
    struct place {
        held_batch* of = nullptr;
        std::uint32_t row = 0;
    };
    struct request {
        std::vector<place> rows;
        std::vector<bulk_store::fate> fates;  // as the response will say
        steady_time due;
    };

    void send(request what) {
        std::vector<bulk_store::document> documents;
        for (auto const& each : what.rows) {
            auto const& events = each.of->events;
            documents.emplace_back(events.events[each.row].id, events.payload(events.events[each.row]));
        }
        std::chrono::microseconds takes{0};
        what.fates = to_.create(documents, takes);
        what.due = course_.time.now + takes;
        sent_.push_back(std::move(what));
    }

    void take_response(request done) {
        request again;
        for (std::size_t i = 0; i < done.rows.size(); ++i) {
            auto const& [held, row] = done.rows[i];
            auto& counts = held->events.counts;
            switch (done.fates[i]) {
                case bulk_store::fate::indexed:
                    ++counts.indexed;
                    break;
                case bulk_store::fate::duplicate:
                    ++counts.duplicates;
                    break;
                case bulk_store::fate::rejected:
                    held->events.reject(row, "bulk", "mapper_parsing_exception");
                    break;
                case bulk_store::fate::busy:
                case bulk_store::fate::no_response:
                    again.rows.push_back(done.rows[i]);
                    continue;
            }
            if (--held->left == 0) complete(*held);
        }
        if (again.rows.empty()) return;
        again.due = course_.time.now + 100ms + chance_.about(1s);
        waiting_.push_back(std::move(again));
    }

    void complete(held_batch& done) {
        auto events = std::move(done.events);
        std::erase_if(held_, [&](held_batch const& each) { return &each == &done; });
        reports_->done(std::move(events));
    }

    course& course_;
    bulk_store& to_;
    chance& chance_;
    completions* reports_ = nullptr;
    std::list<held_batch> held_;
    std::deque<request> waiting_;
    std::deque<request> sent_;
};

}  // namespace

std::vector<bulk_store::fate> bulk_store::create(std::span<document const> documents,
                                                 std::chrono::microseconds& takes) {
    auto const now = course_.time.now;
    takes = slow_until_ > now ? chance_.about(3s) : chance_.about(20ms);
    std::vector<fate> fates(documents.size(), fate::no_response);
    if (!is_there()) return fates;
    if (busy_until_ > now && chance_.in(2)) {
        std::ranges::fill(fates, fate::busy);  // 429 or 503
        return fates;
    }
    for (std::size_t i = 0; i < documents.size(); ++i)
        fates[i] = busy_until_ > now && chance_.in(3) ? fate::busy : create(documents[i]);
    // It has all of it, and the connection breaks.
    if (resets_until_ > now && chance_.in(2)) std::ranges::fill(fates, fate::no_response);
    return fates;
}

bulk_store::fate bulk_store::create(document const& what) {
    auto const& [id, text] = what;
    auto* const event = course_.event_of(text);
    if (event == nullptr) {
        course_.wrong(invariant::stored_once, fmt::format("nobody has sent {}", text.substr(0, 60)));
        return fate::indexed;
    }
    if (event->kind == event_kind::bad || event->kind == event_kind::broken)
        course_.wrong(invariant::in_its_place, fmt::format("{} came to the store", text.substr(0, 60)));
    if (event->kind == event_kind::poison || (event->kind == event_kind::curable && !is_corrected_))
        return fate::rejected;
    if (is_wrong_ && slow_until_ > course_.time.now) return fate::indexed;
    if (!documents_.emplace(id, text).second) return fate::duplicate;
    if (event->document)
        course_.wrong(invariant::stored_once, fmt::format("{} is stored under {} and {}", text.substr(0, 60),
                                                          event->document->text(), id.text()));
    event->document = id;
    course_.mix(id.high ^ id.low);
    return fate::indexed;
}

std::unique_ptr<bulk_sink> make_bulk_sink(course& of, bulk_store& to, chance& by) {
    return std::make_unique<simulated_bulk_sink>(of, to, by);
}

}  // namespace logpipe::sim
