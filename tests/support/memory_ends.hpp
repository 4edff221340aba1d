// A source and a sink in memory, for tests of what lies between: they keep to the stage contract and check that the
// pump does so too.
#pragma once

#include "logpipe/stage.hpp"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace logpipe::test {

/// Gives what a test adds. The test's thread and the pump's may call at the same time.
class memory_source final : public source {
  public:
    /// One batch of `partition` with these records.
    void add(std::uint32_t partition, std::vector<std::string> const& records, std::string const& tag = "app.follow");
    /// One batch of (tag, record).
    void add_mixed(std::uint32_t partition, std::vector<std::pair<std::string, std::string>> const& tagged);
    /// After what was added: end_of_input.
    void end();
    /// What its durable position had counted.
    void count_before(event_counts counts);
    /// The next calls of open() or read() fail like this first.
    void fail_open(error reason);
    void fail_read(error reason);
    void fail_commit(error reason);

    [[nodiscard]] std::map<std::uint32_t, std::uint64_t> committed() const;
    [[nodiscard]] event_counts committed_counts() const;
    /// Waits until `partition` is committed up to `offset`. @return false after 20 s.
    [[nodiscard]] bool wait_committed(std::uint32_t partition, std::uint64_t offset);
    [[nodiscard]] std::vector<position> sought() const;
    [[nodiscard]] bool sought_oldest() const;

    result<> open() override;
    std::string identity() const override { return "memory"; }
    std::optional<event_counts> counted() const override;
    std::optional<std::uint64_t> backlog() const override;
    result<> seek(std::span<position const> stored) override;
    result<> seek_oldest() override;
    result<> read(batch& into, steady_time until) override;
    result<> commit(std::span<progress const> safe) override;
    void stop() override;
    void wake() override;
    stage_status status() const override;

  private:
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<batch> waiting_;
    std::deque<error> open_failures_, read_failures_, commit_failures_;
    std::map<std::uint32_t, std::uint64_t> next_offset_, committed_;
    event_counts counted_before_, committed_counts_;
    std::vector<position> sought_;
    bool sought_oldest_ = false;
    bool ended_ = false;
    bool stopped_ = false;
    bool woken_ = false;
};

/// Takes batches and finishes them when the test says so, or at once.
class memory_sink final : public sink {
  public:
    struct behaviour {
        bool finish_in_write = false;
        bool finish_in_flush = false;
        bool take_in_flush = false;  ///< then a batch becomes safe by finish() or make_safe()
        std::optional<std::vector<progress>> stored;
        std::function<std::optional<std::string>(std::string_view payload)>
            refuse;  ///< the reason, as the sink's own rejection
    };
    explicit memory_sink(behaviour how) : how_{std::move(how)} {}

    void fail_open(error reason);
    void fail_write(error reason);
    void fail_flush(error reason);
    /// How many of the batches that are held were taken.
    [[nodiscard]] std::size_t taken() const;
    /// Finishes one of the batches that are held, the oldest being 0.
    void finish(std::size_t which);
    /// That event of a batch which is held is then held by itself, behind the others.
    void set_apart(std::size_t which, std::uint32_t event);
    [[nodiscard]] bool wait_held(std::size_t count);
    [[nodiscard]] std::size_t held() const;
    [[nodiscard]] std::vector<std::string> payloads() const;
    [[nodiscard]] std::size_t flushes() const;

    result<> open(completions& reports) override;
    result<> write(batch& events) override;
    result<> flush() override;
    result<> make_safe() override;
    result<std::optional<std::vector<progress>>> stored(std::string const& source_identity) override;
    void cancel() override;
    stage_status status() const override;

  private:
    struct held_batch {
        batch events;
        std::vector<std::string> payloads;
        bool is_taken = false;
    };

    /// Its events are decided on; one that was not taken is read now.
    batch finished(held_batch&& held);
    void read(held_batch& held);
    std::vector<batch> finish_all();

    behaviour const how_;
    completions* reports_ = nullptr;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable changed_;
    std::deque<error> open_failures_, write_failures_, flush_failures_;
    std::vector<held_batch> held_;
    std::vector<std::string> payloads_;
    std::size_t flushes_ = 0;
};

class memory_dead_letters final : public dead_letters {
  public:
    void fail(error reason);
    [[nodiscard]] std::vector<dead_letter> letters() const;
    result<> put(std::span<dead_letter const> letters) override;

  private:
    mutable std::mutex mutex_;  // guards all below
    std::deque<error> failures_;
    std::vector<dead_letter> letters_;
};

/// Ends that outlive the pump which owns its stages: hands each call on.
template <class Interface>
[[nodiscard]] std::unique_ptr<Interface> borrow(Interface& stage);

}  // namespace logpipe::test
