#include "runtime/router.hpp"

#include "core/assert.hpp"
#include "core/mutex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace logpipe::runtime {

bool tag_matches(std::string_view pattern, std::string_view tag) noexcept {
    auto const cut = [](std::string_view text) {
        auto const dot = text.find('.');
        return std::pair{text.substr(0, dot),
                         dot == std::string_view::npos ? std::string_view{} : text.substr(dot + 1)};
    };
    if (pattern.empty()) return tag.empty();
    auto const [part, rest] = cut(pattern);
    if (part == "**") {
        if (rest.empty()) return true;
        for (auto left = tag; !left.empty(); left = cut(left).second)
            if (tag_matches(rest, left)) return true;
        return false;
    }
    if (tag.empty()) return false;
    auto const [tag_part, tag_rest] = cut(tag);
    return (part == "*" || part == tag_part) && tag_matches(rest, tag_rest);
}

namespace {

/// A batch goes to its route whole where all its events have one route, which is the rule; otherwise a part to each.
class router final : public sink {
  public:
    explicit router(std::vector<route> routes) {
        for (auto& each : routes) legs_.push_back(std::make_unique<leg>(*this, std::move(each)));
    }

    result<> open(completions& reports) override {
        reports_ = &reports;
        for (auto& each : legs_)
            if (auto opened = each->to->open(*each); !opened) return opened.error();
        return {};
    }

    result<> write(batch& events) override {
        // After a failure the pump offers the same batch again: what is left of its parts then goes on.
        if (unwritten_.empty()) {
            auto const& targets = find_targets(events);
            if (targets.size() == 1) return write_whole(events, *targets.front());
            split(events);
        }
        while (!unwritten_.empty()) {
            auto& [to, part] = unwritten_.back();
            if (auto written = write_part(*to, part); !written) return written.error();
            unwritten_.pop_back();
        }
        return finish_part(number_, std::move(events));
    }

    result<> flush() override {
        return for_each_leg([](sink& to) { return to.flush(); });
    }
    result<> make_safe() override {
        return for_each_leg([](sink& to) { return to.make_safe(); });
    }

    result<std::optional<std::vector<progress>>> stored(std::string const& /*source_identity*/) override {
        return std::nullopt;
    }

    std::optional<std::uint64_t> held_before() const override {
        for (auto const& each : legs_)
            if (!each->leads_away) return each->to->held_before();
        return std::nullopt;
    }

    void cancel() override {
        for (auto& each : legs_) each->to->cancel();
    }

    stage_status status() const override {
        stage_status all{.name = "router"};
        for (auto const& each : legs_) {
            auto part = each->to->status();
            all.up = all.up && part.up;
            if (!part.up && all.reason.empty()) {
                all.reason = fmt::format("{}: {}", each->pattern, part.reason);
                all.hint = part.hint;
            }
            all.retries += part.retries;
            for (auto& each_metric : part.metrics) add_metric(all, std::move(each_metric));
        }
        return all;
    }

  private:
    struct leg final : completions {
        leg(router& all, route&& from)
            : owner{all}, pattern{std::move(from.pattern)}, to{std::move(from.to)}, leads_away{from.leads_away} {}
        void taken(batch& events) override { owner.part_taken(events); }
        void done(batch&& finished) override {
            if (leads_away) finished.counts.routed = std::exchange(finished.counts.indexed, 0);
            owner.part_done(std::move(finished));
        }

        router& owner;
        std::string pattern;
        std::unique_ptr<sink> to;
        bool leads_away;
    };

    /// A batch on its way: whole, or in parts, of which the batch itself is the last to arrive.
    struct journey {
        std::uint64_t parts_left = 0;
        std::uint64_t sequence = 0;  // the pump's, of one that goes whole
        event_counts counts;
        std::vector<rejection> rejections;
        batch whole;
    };

    /// All of them, whatever one of them says.
    template <class Action>
    result<> for_each_leg(Action action) {
        result<> worked;
        for (auto& each : legs_)
            if (auto done = action(*each->to); !done) worked = done.error();
        return worked;
    }

    static void add_metric(stage_status& all, metric_value&& value) {
        auto const same = std::ranges::find_if(
            all.metrics, [&](metric_value const& each) { return each.name == value.name && each.rule == value.rule; });
        if (same == all.metrics.end())
            all.metrics.push_back(std::move(value));
        else
            same->value += value.value;
    }

    sink* find(std::string_view tag) const {
        for (auto const& each : legs_)
            if (tag_matches(each->pattern, tag)) return each->to.get();
        return nullptr;
    }

    /// Fills by_tag_ and rejects what has no route. @return the sinks that are left, each once.
    std::vector<sink*> find_targets(batch& events) {
        by_tag_.clear();
        for (auto const& tag : events.tags) by_tag_.push_back(find(tag));
        std::vector<sink*> targets;
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            auto const& row = events.events[i];
            if (row.rejected) continue;
            auto* const to = by_tag_[row.tag];
            if (to == nullptr) {
                events.reject(i, "router", fmt::format("no route for the tag \"{}\"", events.tags[row.tag]));
            } else if (targets.empty() || (targets.back() != to && std::ranges::find(targets, to) == targets.end())) {
                targets.push_back(to);
            }
        }
        return targets;
    }

    result<> write_whole(batch& events, sink& to) {
        auto const sequence = events.sequence;
        {
            mutex_lock lock{mutex_};
            events.sequence = ++number_;
            journeys_[number_] = {.parts_left = 0, .sequence = sequence, .counts = {}, .rejections = {}, .whole = {}};
        }
        auto written = to.write(events);
        if (written) return {};
        mutex_lock lock{mutex_};
        journeys_.erase(events.sequence);
        events.sequence = sequence;
        return written.error();
    }

    /// What its sink rejects it carries back as any part carries its rejections; the caller's batch knows nothing of
    /// it.
    result<> write_part(sink& to, batch& part) {
        while (part.rejections.size() < part.events.size()) {
            auto const rejected_before = part.rejections.size();
            auto const written = to.write(part);
            if (written || written.error().code != errc::rejected) return written;
            if (part.rejections.size() > rejected_before) continue;  // the sink has named some
            for (std::uint32_t i = 0; i < part.events.size(); ++i)
                if (!part.events[i].rejected) part.reject(i, "sink", written.error().message);
        }
        part_done(std::move(part));
        return {};
    }

    void split(batch const& events) {
        std::vector<std::pair<sink*, batch>> parts;
        for (std::uint32_t i = 0; i < events.events.size(); ++i) {
            auto const& row = events.events[i];
            if (row.rejected) continue;
            auto* const to = by_tag_[row.tag];
            auto part = std::ranges::find(parts, to, &std::pair<sink*, batch>::first);
            if (part == parts.end()) part = parts.emplace(parts.end(), to, batch{});
            copy_row(events, row, i, part->second);
        }
        mutex_lock lock{mutex_};
        ++number_;
        for (auto& [to, part] : parts) {
            part.sequence = number_;
            part.end_offset = events.end_offset;
            part.origin = events.origin;
            part.transformed = events.transformed;
            part.counts.in = part.events.size();
        }
        journeys_[number_] = {
            .parts_left = parts.size() + 1, .sequence = 0, .counts = {}, .rejections = {}, .whole = {}};
        unwritten_ = std::move(parts);
    }

    static void copy_row(batch const& from, event const& row, std::uint32_t index, batch& to) {
        auto& copy = to.append(to.tag_index(from.tags[row.tag]), row.id, row.time_ns, from.record(row));
        copy.received_ns = row.received_ns;
        copy.offset = index;  // its index in the whole batch
        if (!from.transformed) return;
        copy.document_begin = static_cast<std::uint32_t>(to.documents.size());
        copy.document_bytes = row.document_bytes;
        to.documents.append(from.payload(row));
    }

    /// A part's memory is a copy, which its sink frees by itself; the whole batch stays until all parts are safe.
    void part_taken(batch& events) {
        auto const number = events.sequence;
        {
            mutex_lock lock{mutex_};
            auto const& whole = journeys_.at(number);
            if (whole.parts_left != 0) return;
            events.sequence = whole.sequence;
        }
        reports_->taken(events);
        events.sequence = number;
    }

    void part_done(batch&& part) {
        auto const number = part.sequence;
        mutex_lock lock{mutex_};
        auto& whole = journeys_.at(number);
        if (whole.parts_left == 0) {
            part.sequence = whole.sequence;
            journeys_.erase(number);
            lock.unlock();
            reports_->done(std::move(part));
            return;
        }
        whole.counts.indexed += part.counts.indexed;
        whole.counts.duplicates += part.counts.duplicates;
        whole.counts.routed += part.counts.routed;
        for (auto& reason : part.rejections) {
            reason.event = static_cast<std::uint32_t>(part.events[reason.event].offset);
            whole.rejections.push_back(std::move(reason));
        }
        if (--whole.parts_left > 0) return;
        auto finished = std::move(journeys_.extract(number).mapped());
        lock.unlock();
        arrive(std::move(finished));
    }

    result<> finish_part(std::uint64_t number, batch&& events) {
        mutex_lock lock{mutex_};
        auto& whole = journeys_.at(number);
        whole.whole = std::move(events);
        if (--whole.parts_left > 0) return {};
        auto finished = std::move(journeys_.extract(number).mapped());
        lock.unlock();
        arrive(std::move(finished));
        return {};
    }

    void arrive(journey&& finished) {
        finished.whole.counts.indexed = finished.counts.indexed;
        finished.whole.counts.duplicates = finished.counts.duplicates;
        finished.whole.counts.routed = finished.counts.routed;
        for (auto& reason : finished.rejections)
            finished.whole.reject(reason.event, reason.stage, std::move(reason.reason));
        reports_->done(std::move(finished.whole));
    }

    completions* reports_ = nullptr;
    std::vector<std::unique_ptr<leg>> legs_;
    std::vector<sink*> by_tag_;                       // of the batch that is being written
    std::vector<std::pair<sink*, batch>> unwritten_;  // parts of the batch number_
    mutex mutex_;
    std::unordered_map<std::uint64_t, journey> journeys_ LOGPIPE_GUARDED_BY(mutex_);
    std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<sink> make_router(std::vector<route> routes) {
    return std::make_unique<router>(std::move(routes));
}

}  // namespace logpipe::runtime
