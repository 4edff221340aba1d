#include "json_fields.hpp"
#include "loki_metrics.hpp"
#include "push_lanes.hpp"
#include "push_request.hpp"
#include "push_response.hpp"

#include "loki/loki.hpp"

#include "codec/gzip.hpp"
#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/environment.hpp"
#include "core/log.hpp"
#include "core/mutex.hpp"
#include "core/reload.hpp"
#include "core/retry_loop.hpp"
#include "core/secrets.hpp"
#include "core/stage_health.hpp"
#include "core/thread.hpp"
#include "net/http_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <optional>
#include <thread>

namespace logpipe::loki {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t shown_bytes_max = 300;

/// What is in it, not what its buffers could hold: a request is made of that.
std::size_t content_bytes(batch const& events) noexcept {
    return events.records.size() + events.documents.size() + events.events.size() * sizeof(event);
}

result<net::http_target> target_of(loki_sink_options const& options) {
    auto const address = net::parse_host_port(options.address, 3100);
    if (!address) return address.error();
    net::http_server server{
        .address = *address,
        .timeouts = {.connect = options.connect_timeout, .request = options.request_timeout},
        .route = net::http_route::by_environment,
    };
    if (options.tls)
        server.tls =
            net::tls_client_options{.ca_file = options.ca_file, .insecure_skip_verify = options.insecure_skip_verify};
    auto target = net::make_http_target(server);
    if (!target) return target;
    if (!options.tenant.empty())
        if (auto added = net::add_field(*target, "X-Scope-OrgID", options.tenant); !added) return added.error();
    if (auto added = net::add_login(*target, options.username, options.password); !added) return added.error();
    return target;
}

/// At least once by itself; an equal line with an equal time in one stream is one to Loki. Its thread `loki-out` sends
/// one request after the other, of what push_lanes gives, and reports batches of which all is decided.
class pushing_sink final : public sink {
  public:
    explicit pushing_sink(loki_sink_options options)
        : options_{std::move(options)},
          streams_{options_.streams_max},
          request_{streams_, options_.structured_metadata},
          lanes_{options_.push_bytes_max, [this](auto const& one) -> auto& { return stream_of(one); }} {}
    ~pushing_sink() override { cancel(); }

    result<> open(completions& reports) override {
        if (thread_.joinable()) return {};
        if (options_.streams_max == 0)
            return error{errc::invalid_argument, "loki: at least one stream must be allowed"};
        auto target = target_of(options_);
        if (!target) return in_context("loki", target.error());
        {
            mutex_lock const lock{mutex_};
            if (cancelled_) return error{errc::cancelled, "loki: cancelled"};
            client_.emplace(*std::move(target));
        }
        reports_ = &reports;
        thread_ = start_thread("loki-out", [this] { run(); });
        if (options_.tls || !options_.password_file.empty())
            reload_ = reload_entry{"loki_sink", [this] { return reload(); }};
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
    /// For the next request; an open connection keeps its certificates.
    result<> reload() {
        auto options = options_;
        if (!options.password_file.empty()) {
            auto password = read_secret(options.password_file);
            if (!password) return password.error();
            options.password = *std::move(password);
        }
        auto target = target_of(options);
        if (!target) return target.error();
        client_->use(*std::move(target));
        return {};
    }

    struct pending_batch {
        batch events;
        steady_time taken_at;
    };

    void run();
    [[nodiscard]] bool wait_for_lines();
    [[nodiscard]] std::string const& stream_of(push_lanes::line const& one);
    [[nodiscard]] bool push(push_lanes::lane& by);
    [[nodiscard]] bool decide(push_lanes::lane& by, std::size_t count, net::http_response const& reply);
    void reject(push_lanes::lane& by, std::size_t count, std::string_view body, std::string_view words);
    [[nodiscard]] bool throttle(push_lanes::lane& by, std::size_t count, std::string_view body, std::string reason);
    [[nodiscard]] std::string encode(std::span<push_lanes::line const> lines);
    void drop(push_rejection const& what, std::string_view stream, std::string_view words);
    void report();
    /// @return false when cancelled meanwhile.
    [[nodiscard]] bool wait_after(error reason);
    void recovered();

    loki_sink_options const options_;
    completions* reports_ = nullptr;
    std::optional<net::http_client> client_;  // from open() on
    stream_table streams_;                    // this and the next five are the sender's
    push_request request_;
    entry_reader reader_;
    push_lanes lanes_;
    retry_loop retry_{backoff_options{}, random_number};
    std::uint64_t merged_in_request_ = 0;
    log_limit trouble_;
    log_limit dropped_log_;
    log_limit throttled_log_;

    stage_health health_;
    mutable mutex mutex_;
    condition changed_;
    std::deque<pending_batch> waiting_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t queued_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;   // of those
    std::size_t waiting_bytes_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // of the batches on their way as well
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
    push_lanes::throttled_lines throttled_ LOGPIPE_GUARDED_BY(mutex_);

    std::atomic<std::uint64_t> pushes_{0};
    std::atomic<std::uint64_t> retries_{0};
    std::atomic<std::uint64_t> bytes_out_{0};
    std::atomic<std::uint64_t> streams_count_{0};
    std::atomic<std::uint64_t> merged_{0};
    std::atomic<std::uint64_t> splits_{0};
    std::array<std::atomic<std::uint64_t>, drop_reason_names.size()> dropped_{};
    std::jthread thread_;  // after all that it uses
    reload_entry reload_;
};

result<> pushing_sink::write(batch& events) {
    mutex_lock lock{mutex_};
    changed_.wait(
        lock, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || waiting_bytes_ < options_.waiting_bytes_max; });
    if (cancelled_) return error{errc::cancelled, "loki: cancelled"};
    auto const bytes = content_bytes(events);
    queued_bytes_ += bytes;
    waiting_bytes_ += bytes;
    // A line without a time gets one here, so that it has the same when it is retried.
    for (auto& row : events.events)
        if (row.time_ns == 0) row.time_ns = now_ns();
    waiting_.push_back({.events = std::move(events), .taken_at = steady_clock::now()});
    events = {};
    changed_.notify_all();
    return {};
}

void pushing_sink::cancel() {
    mutex_lock const lock{mutex_};
    cancelled_ = true;
    changed_.notify_all();
    if (client_) client_->cancel();
}

void pushing_sink::run() {
    while (wait_for_lines()) {
        if (auto* const lane = lanes_.next_due(steady_clock::now()); lane != nullptr && !push(*lane)) return;
        report();
    }
}

/// Until some are due, which are in a lane then. @return false when cancelled.
bool pushing_sink::wait_for_lines() {
    mutex_lock lock{mutex_};
    while (!cancelled_) {
        auto const now = steady_clock::now();
        auto due = lanes_.due();
        if (!waiting_.empty()) {
            auto const ready =
                queued_bytes_ >= options_.push_bytes_max ? now : waiting_.front().taken_at + options_.push_age_max;
            if (ready <= now) break;
            due = std::min(ready, due.value_or(ready));
        }
        if (!due) {
            changed_.wait(lock);
        } else if (*due > now) {
            changed_.wait_until(lock, *due);
        } else {
            return true;
        }
    }
    if (cancelled_) return false;
    std::vector<batch> group;
    std::size_t group_bytes = 0;
    for (; !waiting_.empty() && group_bytes < options_.push_bytes_max; waiting_.pop_front()) {
        group_bytes += content_bytes(waiting_.front().events);
        group.push_back(std::move(waiting_.front().events));
    }
    queued_bytes_ -= group_bytes;
    lock.unlock();
    for (auto& events : group) {
        auto const bytes = content_bytes(events);
        lanes_.add(std::move(events), bytes, steady_clock::now());
    }
    return true;
}

std::string const& pushing_sink::stream_of(push_lanes::line const& one) {
    auto const& events = one.in->events;
    return request_.stream_of(reader_.read(events.payload(*one.row), events.tags[one.row->tag]), steady_clock::now());
}

std::string pushing_sink::encode(std::span<push_lanes::line const> lines) {
    auto const now = steady_clock::now();
    merged_in_request_ = 0;
    for (auto const& [in, row] : lines) {
        auto const entry = reader_.read(in->events.payload(*row), in->events.tags[row->tag]);
        if (!request_.add(entry, row->time_ns, now)) ++merged_in_request_;
    }
    streams_count_ = streams_.count();
    return codec::gzip(request_.finish());
}

/// The lane's next request. @return false when cancelled.
bool pushing_sink::push(push_lanes::lane& by) {
    auto const lines = lanes_.next_request(by);
    auto const body = encode(lines);
    // A connection that Loki has closed meanwhile is replaced: lines that arrive twice are one to Loki.
    auto const reply = client_->send({.method = "POST", .path = "/loki/api/v1/push", .body = body, .compressed = true});
    ++pushes_;
    if (!reply) return wait_after(reply.error());
    if (!decide(by, lines.size(), *reply)) return false;
    if (outcome_of(reply->status) == push_outcome::taken) bytes_out_ += body.size();
    return true;
}

bool pushing_sink::decide(push_lanes::lane& by, std::size_t count, net::http_response const& reply) {
    auto const words = clean_line(std::string_view{reply.body}.substr(0, shown_bytes_max));
    auto reason = fmt::format("{} responds with status {}: {}", options_.address, reply.status, words);
    auto const now = steady_clock::now();
    switch (outcome_of(reply.status)) {
        case push_outcome::taken:
            merged_ += merged_in_request_;
            lanes_.taken(by, count, now);
            break;
        case push_outcome::rejected:
            reject(by, count, reply.body, words);
            break;
        case push_outcome::too_large: {
            auto const stream = by.stream;
            if (!lanes_.too_large(by, count, now)) drop({.reason = drop_reason::line_too_long}, stream, words);
            break;
        }
        case push_outcome::throttled:
            return throttle(by, count, reply.body, std::move(reason));
        case push_outcome::retry:
            return wait_after({errc::timed_out, std::move(reason)});
        case push_outcome::unauthorized:
            return wait_after({errc::unauthorized, std::move(reason)});
        case push_outcome::paused:
            return wait_after({errc::protocol, std::move(reason)});
    }
    recovered();
    return true;
}

/// Loki's response does not say of which lines it is, and of which streams only in words; so each stream is sent alone.
void pushing_sink::reject(push_lanes::lane& by, std::size_t count, std::string_view body, std::string_view words) {
    auto const now = steady_clock::now();
    auto* const one = lanes_.isolate(by, count, now);
    if (one == nullptr) {
        ++splits_;
        return;
    }
    drop(read_rejection(body), one->stream, words);
    lanes_.rejected(*one, count, now);
}

/// @return false when cancelled.
bool pushing_sink::throttle(push_lanes::lane& by, std::size_t count, std::string_view body, std::string reason) {
    if (is_of_all_streams(body)) {
        push_lanes::send_fewer(by, count);
        return wait_after({errc::too_large, std::move(reason)});
    }
    recovered();
    auto const now = steady_clock::now();
    auto* const one = lanes_.isolate(by, count, now);
    if (one == nullptr) {
        ++splits_;
        return true;
    }
    ++retries_;
    if (auto const times = throttled_log_.admit(); times != 0)
        log_warn("loki_sink: {}; the lines of stream {} will be retried, other streams continue ({} times)", reason,
                 one->stream, times);
    lanes_.throttle(*one, count, std::move(reason), now);
    return true;
}

void pushing_sink::drop(push_rejection const& what, std::string_view stream, std::string_view words) {
    auto const reason = static_cast<std::size_t>(what.reason);
    dropped_[reason] += what.lines;
    if (auto const count = dropped_log_.admit(); count != 0)
        log_warn("loki_sink: lines rejected by Loki ({}) are dropped: {}{}{} ({} such responses)",
                 drop_reason_names[reason], stream, stream.empty() ? "" : ": ", words, count);
}

bool pushing_sink::wait_after(error reason) {
    if (reason.code == errc::cancelled) return false;
    ++retries_;
    if (auto const count = trouble_.admit(); count != 0)
        log_warn("loki_sink: {}; it will be retried ({} times)", reason.message, count);
    health_.down(std::move(reason));
    auto const until = retry_.failed(steady_clock::now());
    mutex_lock lock{mutex_};
    return !changed_.wait_until(lock, until, [this]() LOGPIPE_REQUIRES(mutex_) { return cancelled_; });
}

void pushing_sink::recovered() {
    retry_.worked();
    if (health_.up()) log_info("loki_sink: {} accepts lines; it has recovered", options_.address);
}

void pushing_sink::report() {
    auto done = lanes_.finished();
    {
        mutex_lock const lock{mutex_};
        throttled_ = lanes_.throttled();
        for (auto const& each : done) waiting_bytes_ -= each.bytes;
        if (!done.empty()) changed_.notify_all();
    }
    for (auto& each : done) {
        auto& events = each.events;
        events.counts.indexed = static_cast<std::uint64_t>(std::ranges::count(events.events, false, &event::rejected));
        reports_->done(std::move(events));
    }
}

stage_status pushing_sink::status() const {
    stage_status now;
    now.name = "loki_sink";
    health_.describe(now);
    {
        mutex_lock const lock{mutex_};
        if (now.up && throttled_.streams != 0)
            now.reason = fmt::format("Loki throttles {} of the streams, and the others continue: {}",
                                     throttled_.streams, throttled_.first);
        now.metrics.emplace_back(metrics::waiting_bytes, waiting_bytes_);
        now.metrics.emplace_back(metrics::throttled_streams, throttled_.streams);
        now.metrics.emplace_back(metrics::throttled_lines, throttled_.lines);
    }
    now.retries = retries_;
    now.metrics.emplace_back(metrics::streams, streams_count_);
    now.metrics.emplace_back(metrics::pushes, pushes_);
    now.metrics.emplace_back(metrics::bytes_out, bytes_out_);
    now.metrics.emplace_back(metrics::lines_merged, merged_);
    now.metrics.emplace_back(metrics::requests_split, splits_);
    for (std::size_t i = 0; i < dropped_.size(); ++i) now.metrics.emplace_back(metrics::lines_dropped[i], dropped_[i]);
    return now;
}

}  // namespace

std::unique_ptr<sink> make_loki_sink(loki_sink_options options) {
    return std::make_unique<pushing_sink>(std::move(options));
}

}  // namespace logpipe::loki
