// What tests of the Kafka ends share: events with ids, reports that another thread brings, and reading until enough is
// there.
#pragma once

#include "core/chunk_hash.hpp"
#include "kafka/kafka.hpp"
#include "logpipe/stage.hpp"
#include "support/looking.hpp"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::test {

using namespace kafka;

[[nodiscard]] inline steady_time in_time() {
    return std::chrono::steady_clock::now() + wait_max;
}

/// Keeps what a sink has finished. Any thread.
class awaited_reports final : public completions {
  public:
    void done(batch&& events) override {
        std::lock_guard lock{mutex_};
        counts_ += events.counts;
        events_ += events.events.size();
        for (auto const& each : events.rejections)
            rejections_.emplace_back(events.record(events.events[each.event]), each.reason);
        changed_.notify_all();
    }
    /// @return false after a minute
    [[nodiscard]] bool wait_events(std::size_t count) {
        std::unique_lock lock{mutex_};
        return changed_.wait_until(lock, in_time(), [&] { return events_ >= count; });
    }
    [[nodiscard]] std::size_t events() const {
        std::lock_guard lock{mutex_};
        return events_;
    }
    [[nodiscard]] event_counts counts() const {
        std::lock_guard lock{mutex_};
        return counts_;
    }
    /// Record and reason.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> rejections() const {
        std::lock_guard lock{mutex_};
        return rejections_;
    }

  private:
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::size_t events_ = 0;
    event_counts counts_;
    std::vector<std::pair<std::string, std::string>> rejections_;
};

/// One chunk: `{"n":FIRST}`, `{"n":FIRST+1}`… with ids that the same call repeats.
[[nodiscard]] inline batch numbered_events(int first, int count, std::int64_t received_ns = 0) {
    batch events;
    auto const tag = events.tag_index("app.follow");
    auto const id = chunk_hash("app.follow", fmt::format("chunk {}", first), "");
    for (int i = 0; i < count; ++i)
        events.append(tag, id.at(static_cast<std::uint32_t>(i)), 0, fmt::format(R"({{"n":{}}})", first + i))
            .received_ns = received_ns;
    events.counts.in = events.events.size();
    return events;
}

/// What a source has given, as a pump would note it.
class taken_events final {
  public:
    explicit taken_events(source& from) : from_{from} {}

    /// Reads until there are `count` events in all.
    [[nodiscard]] bool read(std::size_t count) {
        auto const until = in_time();
        while (records.size() < count && std::chrono::steady_clock::now() < until)
            if (!read_once()) return false;
        return records.size() >= count;
    }
    /// Reads until the end.
    [[nodiscard]] bool read_to_end() {
        auto const until = in_time();
        while (std::chrono::steady_clock::now() < until)
            if (!read_once()) return true;
        return false;
    }
    /// Waits a moment for more. @return false at the end
    [[nodiscard]] bool read_some() { return read_once(); }
    /// Says that all of it is safe and newly stored.
    void commit_all() {
        std::vector<progress> safe;
        for (auto const& [partition, count] : uncommitted_)
            safe.push_back({.safe = {.partition = partition, .offset = ends_[partition]},
                            .counts = {.in = count, .indexed = count}});
        uncommitted_.clear();
        if (auto committed = from_.commit(safe); !committed) throw std::runtime_error{committed.error().message};
    }

    std::vector<std::string> records;
    std::vector<event_id> ids;
    std::vector<event> events;
    std::vector<std::string> tags;
    std::string origin;

  private:
    [[nodiscard]] bool read_once() {
        batch got;
        if (auto read = from_.read(got, std::chrono::steady_clock::now() + std::chrono::milliseconds{200}); !read) {
            if (read.error().code == errc::end_of_input) return false;
            throw std::runtime_error{read.error().message};
        }
        for (auto const& row : got.events) {
            records.emplace_back(got.record(row));
            ids.push_back(row.id);
            events.push_back(row);
            tags.push_back(got.tags[row.tag]);
        }
        if (got.empty()) return true;
        origin = got.origin;
        uncommitted_[got.partition] += got.events.size();
        ends_[got.partition] = got.end_offset;
        return true;
    }

    source& from_;
    std::map<std::uint32_t, std::uint64_t> uncommitted_, ends_;
};

}  // namespace logpipe::test
