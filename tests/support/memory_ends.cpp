#include "support/memory_ends.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

namespace logpipe::test {

using namespace std::chrono_literals;

namespace {

result<> take_failure(std::deque<error>& failures) {
    if (failures.empty()) return {};
    auto reason = failures.front();
    failures.pop_front();
    return reason;
}

}  // namespace

void memory_source::add(std::uint32_t partition, std::vector<std::string> const& records, std::string const& tag) {
    std::vector<std::pair<std::string, std::string>> tagged;
    for (auto const& record : records) tagged.emplace_back(tag, record);
    add_mixed(partition, tagged);
}

void memory_source::add_mixed(std::uint32_t partition, std::vector<std::pair<std::string, std::string>> const& tagged) {
    std::lock_guard lock{mutex_};
    batch events;
    events.partition = partition;
    events.origin = "memory";
    auto& next = next_offset_[partition];
    for (auto const& [tag, record] : tagged) {
        auto& row = events.append(events.tag_index(tag), {.high = partition + 1, .low = next}, 0, record);
        row.offset = next++;
    }
    events.end_offset = next;
    waiting_.push_back(std::move(events));
    changed_.notify_all();
}

void memory_source::end() {
    std::lock_guard lock{mutex_};
    ended_ = true;
    changed_.notify_all();
}

void memory_source::count_before(event_counts counts) {
    std::lock_guard lock{mutex_};
    counted_before_ = counts;
}

std::optional<event_counts> memory_source::counted() const {
    std::lock_guard lock{mutex_};
    return counted_before_;
}

std::optional<std::uint64_t> memory_source::backlog() const {
    std::lock_guard lock{mutex_};
    std::uint64_t events = 0;
    for (auto const& each : waiting_) events += each.events.size();
    return events;
}

void memory_source::fail_open(error reason) {
    std::lock_guard lock{mutex_};
    open_failures_.push_back(std::move(reason));
}

void memory_source::fail_read(error reason) {
    std::lock_guard lock{mutex_};
    read_failures_.push_back(std::move(reason));
    changed_.notify_all();
}

void memory_source::fail_commit(error reason) {
    std::lock_guard lock{mutex_};
    commit_failures_.push_back(std::move(reason));
}

std::map<std::uint32_t, std::uint64_t> memory_source::committed() const {
    std::lock_guard lock{mutex_};
    return committed_;
}

event_counts memory_source::committed_counts() const {
    std::lock_guard lock{mutex_};
    return committed_counts_;
}

bool memory_source::wait_committed(std::uint32_t partition, std::uint64_t offset) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 20s, [&] { return committed_[partition] >= offset; });
}

std::vector<position> memory_source::sought() const {
    std::lock_guard lock{mutex_};
    return sought_;
}

bool memory_source::sought_oldest() const {
    std::lock_guard lock{mutex_};
    return sought_oldest_;
}

result<> memory_source::open() {
    std::lock_guard lock{mutex_};
    return take_failure(open_failures_);
}

result<> memory_source::seek(std::span<position const> stored) {
    std::lock_guard lock{mutex_};
    sought_.assign(stored.begin(), stored.end());
    return {};
}

result<> memory_source::seek_oldest() {
    std::lock_guard lock{mutex_};
    sought_oldest_ = true;
    return {};
}

result<> memory_source::read(batch& into, steady_time until) {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, until,
                        [&] { return woken_ || stopped_ || ended_ || !waiting_.empty() || !read_failures_.empty(); });
    woken_ = false;
    if (auto failed = take_failure(read_failures_); !failed) return failed;
    if (!waiting_.empty()) {
        into = std::move(waiting_.front());
        waiting_.pop_front();
        return {};
    }
    if (stopped_ || ended_) return error{errc::end_of_input, "the test has no more"};
    return {};
}

result<> memory_source::commit(std::span<progress const> safe) {
    std::lock_guard lock{mutex_};
    if (auto failed = take_failure(commit_failures_); !failed) return failed;
    for (auto const& each : safe) {
        committed_[each.safe.partition] = each.safe.offset;
        committed_counts_ += each.counts;
    }
    changed_.notify_all();
    return {};
}

void memory_source::stop() {
    std::lock_guard lock{mutex_};
    stopped_ = true;
    changed_.notify_all();
}

void memory_source::wake() {
    std::lock_guard lock{mutex_};
    woken_ = true;
    changed_.notify_all();
}

stage_status memory_source::status() const {
    return {.name = "memory_source"};
}

void memory_sink::fail_open(error reason) {
    std::lock_guard lock{mutex_};
    open_failures_.push_back(std::move(reason));
}

void memory_sink::fail_write(error reason) {
    std::lock_guard lock{mutex_};
    write_failures_.push_back(std::move(reason));
}

void memory_sink::fail_flush(error reason) {
    std::lock_guard lock{mutex_};
    flush_failures_.push_back(std::move(reason));
}

void memory_sink::read(held_batch& held) {
    auto& events = held.events;
    for (std::uint32_t i = 0; i < events.events.size(); ++i) {
        auto const& row = events.events[i];
        if (row.rejected) continue;
        std::string payload{events.payload(row)};
        if (auto reason = how_.refuse ? how_.refuse(payload) : std::nullopt)
            events.reject(i, "memory", *reason);
        else
            held.payloads.push_back(std::move(payload));
    }
}

batch memory_sink::finished(held_batch&& held) {
    if (!held.is_taken) read(held);
    held.events.counts.indexed += held.payloads.size();
    std::ranges::move(held.payloads, std::back_inserter(payloads_));
    return std::move(held.events);
}

std::vector<batch> memory_sink::finish_all() {
    std::vector<batch> done;
    for (auto& each : held_) done.push_back(finished(std::move(each)));
    held_.clear();
    return done;
}

void memory_sink::finish(std::size_t which) {
    batch events;
    {
        std::lock_guard lock{mutex_};
        events = finished(std::move(held_.at(which)));
        held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
    }
    reports_->done(std::move(events));
}

void memory_sink::set_apart(std::size_t which, std::uint32_t event) {
    std::lock_guard lock{mutex_};
    auto part = held_.at(which).events.copy_of(event);
    held_.at(which).events.drop(std::array{event});
    --held_.at(which).events.counts.in;
    held_.push_back({.events = std::move(part), .payloads = {}});
}

bool memory_sink::wait_held(std::size_t count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, 20s, [&] { return held_.size() >= count; });
}

std::size_t memory_sink::taken() const {
    std::lock_guard lock{mutex_};
    return static_cast<std::size_t>(std::ranges::count_if(held_, &held_batch::is_taken));
}

std::size_t memory_sink::held() const {
    std::lock_guard lock{mutex_};
    return held_.size();
}

std::vector<std::string> memory_sink::payloads() const {
    std::lock_guard lock{mutex_};
    return payloads_;
}

std::size_t memory_sink::flushes() const {
    std::lock_guard lock{mutex_};
    return flushes_;
}

result<> memory_sink::open(completions& reports) {
    std::lock_guard lock{mutex_};
    reports_ = &reports;
    return take_failure(open_failures_);
}

result<> memory_sink::write(batch& events) {
    batch done;
    {
        std::lock_guard lock{mutex_};
        if (auto failed = take_failure(write_failures_); !failed) return failed;
        if (!how_.finish_in_write) {
            held_.push_back({.events = std::move(events), .payloads = {}});
            changed_.notify_all();
            return {};
        }
        done = finished({.events = std::move(events), .payloads = {}});
    }
    reports_->done(std::move(done));
    return {};
}

result<> memory_sink::flush() {
    std::vector<batch> done;
    {
        std::lock_guard lock{mutex_};
        ++flushes_;
        if (auto failed = take_failure(flush_failures_); !failed) return failed;
        if (how_.finish_in_flush) done = finish_all();
        for (auto& each : held_) {
            if (!how_.take_in_flush || std::exchange(each.is_taken, true)) continue;
            read(each);
            reports_->taken(each.events);
        }
        changed_.notify_all();
    }
    for (auto& events : done) reports_->done(std::move(events));
    return {};
}

result<> memory_sink::make_safe() {
    if (auto flushed = flush(); !flushed) return flushed;
    if (!how_.take_in_flush) return {};
    std::vector<batch> done;
    {
        std::lock_guard lock{mutex_};
        done = finish_all();
    }
    for (auto& events : done) reports_->done(std::move(events));
    return {};
}

result<std::optional<std::vector<progress>>> memory_sink::stored(std::string const& /*source_identity*/) {
    return how_.stored;
}

void memory_sink::cancel() {}

stage_status memory_sink::status() const {
    return {.name = "memory_sink"};
}

void memory_dead_letters::fail(error reason) {
    std::lock_guard lock{mutex_};
    failures_.push_back(std::move(reason));
}

std::vector<dead_letter> memory_dead_letters::letters() const {
    std::lock_guard lock{mutex_};
    return letters_;
}

result<> memory_dead_letters::put(std::span<dead_letter const> letters) {
    std::lock_guard lock{mutex_};
    if (auto failed = take_failure(failures_); !failed) return failed;
    letters_.insert(letters_.end(), letters.begin(), letters.end());
    return {};
}

namespace {

class borrowed_source final : public source {
  public:
    explicit borrowed_source(source& to) : to_{to} {}
    result<> open() override { return to_.open(); }
    std::string identity() const override { return to_.identity(); }
    std::optional<event_counts> counted() const override { return to_.counted(); }
    std::optional<std::uint64_t> backlog() const override { return to_.backlog(); }
    result<> seek(std::span<position const> stored) override { return to_.seek(stored); }
    result<> seek_oldest() override { return to_.seek_oldest(); }
    result<> read(batch& into, steady_time until) override { return to_.read(into, until); }
    result<> commit(std::span<progress const> safe) override { return to_.commit(safe); }
    void stop() override { to_.stop(); }
    void wake() override { to_.wake(); }
    stage_status status() const override { return to_.status(); }

  private:
    source& to_;
};

class borrowed_sink final : public sink {
  public:
    explicit borrowed_sink(sink& to) : to_{to} {}
    result<> open(completions& reports) override { return to_.open(reports); }
    result<> write(batch& events) override { return to_.write(events); }
    result<> flush() override { return to_.flush(); }
    result<> make_safe() override { return to_.make_safe(); }
    result<std::optional<std::vector<progress>>> stored(std::string const& identity) override {
        return to_.stored(identity);
    }
    void cancel() override { to_.cancel(); }
    stage_status status() const override { return to_.status(); }

  private:
    sink& to_;
};

}  // namespace

template <>
std::unique_ptr<source> borrow(source& stage) {
    return std::make_unique<borrowed_source>(stage);
}
template <>
std::unique_ptr<sink> borrow(sink& stage) {
    return std::make_unique<borrowed_sink>(stage);
}

}  // namespace logpipe::test
