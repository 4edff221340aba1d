#include "json_fields.hpp"
#include "push_answer.hpp"
#include "push_request.hpp"

#include "logpipe/loki.hpp"

#include "base/backoff.hpp"
#include "base/clean_text.hpp"
#include "base/clock.hpp"
#include "base/gzip.hpp"
#include "base/log.hpp"
#include "base/rest_client.hpp"
#include "base/thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

namespace logpipe {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t shown_bytes_max = 300;

/// What is in it, not what its buffers could hold: a request is made of that.
std::size_t content_bytes(batch const& events) noexcept {
    return events.records.size() + events.documents.size() + events.events.size() * sizeof(event);
}

result<rest_target> target_of(loki_sink_options const& options) {
    auto target = make_rest_target({.address = options.address,
                                    .port_default = 3100,
                                    .tls = options.tls,
                                    .ca_file = options.ca_file,
                                    .insecure_skip_verify = options.insecure_skip_verify,
                                    .connect_timeout = options.connect_timeout,
                                    .request_timeout = options.request_timeout});
    if (!target) return target;
    if (!options.tenant.empty())
        if (auto added = add_field(*target, "X-Scope-OrgID", options.tenant); !added) return added.error();
    if (auto added = add_login(*target, options.username, options.password); !added) return added.error();
    return target;
}

/// At least once by itself; an equal line with an equal time in one stream is one to Loki. Its thread `loki-out` sends
/// one request after the other, each of whole batches, and reports them.
class pushing_sink final : public sink {
  public:
    explicit pushing_sink(loki_sink_options options)
        : options_{std::move(options)},
          streams_{options_.streams_max},
          request_{streams_, options_.structured_metadata} {}
    ~pushing_sink() override { cancel(); }

    result<> open(completions& reports) override {
        if (thread_.joinable()) return {};
        if (options_.streams_max == 0)
            return error{errc::invalid_argument, "loki: at least one stream must be allowed"};
        auto target = target_of(options_);
        if (!target) return in_context("loki", target.error());
        {
            std::lock_guard lock{mutex_};
            if (cancelled_) return error{errc::cancelled, "asked to stop"};
            client_.emplace(*std::move(target));
        }
        reports_ = &reports;
        thread_ = start_thread("loki-out", [this] { run(); });
        return {};
    }
    result<> write(batch& events) override;
    /// What was written is on its way within `push_age_max`.
    result<> flush() override { return {}; }
    result<std::optional<std::vector<progress>>> stored(std::string const&) override {
        return std::optional<std::vector<progress>>{};
    }
    void cancel() override;
    stage_status status() const override;

  private:
    struct held_batch {
        batch events;
        steady_time taken_at;
    };
    struct line_place {
        batch const* in;
        event const* row;
    };

    void run();
    [[nodiscard]] std::vector<batch> next_group();
    [[nodiscard]] bool push_all(std::vector<batch> const& group);
    [[nodiscard]] bool push(std::span<line_place const> lines);
    [[nodiscard]] std::string encode(std::span<line_place const> lines);
    void drop(refusal const& what, std::string_view words);
    void report(std::vector<batch>&& group);
    /// @return false when cancelled meanwhile.
    [[nodiscard]] bool wait_after(error why, backoff& wait);
    void came_up();

    loki_sink_options const options_;
    completions* reports_ = nullptr;
    std::optional<rest_client> client_;  // from open() on
    stream_table streams_;               // this and the next two are the sender's
    push_request request_;
    entry_reader reader_;
    log_limit trouble_;
    log_limit dropped_log_;

    mutable std::mutex mutex_;  // guards the five below
    std::condition_variable changed_;
    std::deque<held_batch> waiting_;
    std::size_t waiting_bytes_ = 0;  // of the batches on their way as well
    bool cancelled_ = false;
    std::string why_;  // it does not go on; empty while it does

    std::atomic<std::uint64_t> pushes_{0};
    std::atomic<std::uint64_t> retries_{0};
    std::atomic<std::uint64_t> bytes_out_{0};
    std::atomic<std::uint64_t> streams_count_{0};
    std::atomic<std::uint64_t> merged_{0};
    std::array<std::atomic<std::uint64_t>, drop_reason_names.size()> dropped_{};
    std::jthread thread_;  // last: it uses all of the above
};

result<> pushing_sink::write(batch& events) {
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return cancelled_ || waiting_bytes_ < options_.waiting_bytes_max; });
    if (cancelled_) return error{errc::cancelled, "asked to stop"};
    waiting_bytes_ += content_bytes(events);
    waiting_.push_back({.events = std::move(events), .taken_at = steady_clock::now()});
    events = {};
    changed_.notify_all();
    return {};
}

void pushing_sink::cancel() {
    std::lock_guard lock{mutex_};
    cancelled_ = true;
    changed_.notify_all();
    if (client_) client_->cancel();
}

void pushing_sink::run() {
    for (auto group = next_group(); !group.empty(); group = next_group()) {
        if (!push_all(group)) return;
        report(std::move(group));
    }
}

/// @return none when cancelled.
std::vector<batch> pushing_sink::next_group() {
    std::vector<batch> group;
    std::unique_lock lock{mutex_};
    changed_.wait(lock, [&] { return cancelled_ || !waiting_.empty(); });
    if (cancelled_) return group;
    changed_.wait_until(lock, waiting_.front().taken_at + options_.push_age_max,
                        [&] { return cancelled_ || waiting_bytes_ >= options_.push_bytes_max; });
    if (cancelled_) return group;
    for (std::size_t bytes = 0; !waiting_.empty() && bytes < options_.push_bytes_max; waiting_.pop_front()) {
        bytes += content_bytes(waiting_.front().events);
        group.push_back(std::move(waiting_.front().events));
    }
    return group;
}

bool pushing_sink::push_all(std::vector<batch> const& group) {
    std::vector<line_place> lines;
    for (auto const& events : group)
        for (auto const& row : events.events)
            if (!row.rejected) lines.push_back({.in = &events, .row = &row});
    return lines.empty() || push(lines);
}

std::string pushing_sink::encode(std::span<line_place const> lines) {
    auto const now = steady_clock::now();
    for (auto const& [in, row] : lines) {
        auto const entry = reader_.read(in->payload(*row), in->tags[row->tag]);
        if (!request_.add(entry, row->time_ns != 0 ? row->time_ns : now_ns(), now)) ++merged_;
    }
    streams_count_ = streams_.count();
    return gzip(request_.finish());
}

/// Until Loki has decided on each of them. @return false when cancelled.
bool pushing_sink::push(std::span<line_place const> lines) {
    auto const body = encode(lines);
    backoff wait;
    while (true) {
        // A connection that Loki has closed meanwhile is made again: lines that arrive twice are one to Loki.
        auto const reply =
            client_->ask({.method = "POST", .path = "/loki/api/v1/push", .body = body, .compressed = true});
        ++pushes_;
        if (!reply) {
            if (!wait_after(reply.error(), wait)) return false;
            continue;
        }
        auto const words = clean_line(std::string_view{reply->body}.substr(0, shown_bytes_max));
        switch (outcome_of(reply->status)) {
            case push_outcome::taken:
                break;
            case push_outcome::refused:
                drop(read_refusal(reply->body), words);
                break;
            case push_outcome::too_large:
                if (auto const half = lines.size() / 2; half > 0)
                    return push(lines.first(half)) && push(lines.subspan(half));
                drop({.reason = drop_reason::line_too_long}, words);
                break;
            case push_outcome::try_again:
            case push_outcome::hold:
                if (!wait_after({errc::busy, fmt::format("{} answers {}: {}", options_.address, reply->status, words)},
                                wait))
                    return false;
                continue;
        }
        bytes_out_ += body.size();
        came_up();
        return true;
    }
}

void pushing_sink::drop(refusal const& what, std::string_view words) {
    auto const reason = static_cast<std::size_t>(what.reason);
    dropped_[reason] += what.lines;
    if (auto const count = dropped_log_.admit(); count != 0)
        log_warn("loki_sink: Loki refuses lines by its rules ({}), which are dropped: {} ({} such answers)",
                 drop_reason_names[reason], words, count);
}

bool pushing_sink::wait_after(error why, backoff& wait) {
    if (why.code == errc::cancelled) return false;
    ++retries_;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("loki_sink: {}; it is tried again ({} times)", why.message, count);
    std::unique_lock lock{mutex_};
    why_ = std::move(why.message);
    return !changed_.wait_for(lock, wait.next(), [&] { return cancelled_; });
}

void pushing_sink::came_up() {
    std::lock_guard lock{mutex_};
    if (!why_.empty()) log_info("loki_sink: {} takes lines again", options_.address);
    why_.clear();
}

void pushing_sink::report(std::vector<batch>&& group) {
    std::size_t bytes = 0;
    for (auto const& events : group) bytes += content_bytes(events);
    {
        std::lock_guard lock{mutex_};
        waiting_bytes_ -= bytes;
        changed_.notify_all();
    }
    for (auto& events : group) {
        events.counts.indexed = static_cast<std::uint64_t>(std::ranges::count(events.events, false, &event::rejected));
        reports_->done(std::move(events));
    }
}

stage_status pushing_sink::status() const {
    stage_status now;
    now.name = "loki_sink";
    auto const gauge = [&](std::string name, std::uint64_t value) {
        now.gauges.emplace_back(std::move(name), static_cast<double>(value));
    };
    {
        std::lock_guard lock{mutex_};
        now.why = why_;
        gauge("waiting_bytes", waiting_bytes_);
    }
    now.up = now.why.empty();
    now.retries = retries_;
    gauge("pushes_total", pushes_);
    gauge("bytes_out_total", bytes_out_);
    gauge("streams", streams_count_);
    gauge("lines_merged_total", merged_);
    for (std::size_t i = 0; i < dropped_.size(); ++i)
        gauge(fmt::format("lines_dropped_{}_total", drop_reason_names[i]), dropped_[i]);
    return now;
}

}  // namespace

std::unique_ptr<sink> make_loki_sink(loki_sink_options options) {
    return std::make_unique<pushing_sink>(std::move(options));
}

}  // namespace logpipe
