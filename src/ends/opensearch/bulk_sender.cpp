#include "bulk_sender.hpp"

#include "opensearch_metrics.hpp"

#include "core/assert.hpp"
#include "core/thread.hpp"
#include "server_requests.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace logpipe::opensearch {

namespace asio = boost::asio;

namespace {

using std::chrono::steady_clock;

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

/// A server that is busy for a moment is no reason for alarm; one that is so this often in a row is.
constexpr unsigned failures_shown_min = 3;

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
}

retry_limits retry_limits_of(opensearch_sink_options const& options) {
    return {.events_max = options.retry_events_max,
            .bytes_max = options.retry_bytes_max,
            .wait_first = options.retry_first,
            .wait_longest = options.retry_longest,
            .tries_min = options.document_tries,
            .time_min = options.document_retry_time};
}

}  // namespace

bulk_sender::bulk_sender(opensearch_sink_options const& options, net::http_target target, bulk_queue& queue,
                         completions& reports)
    : options_{options},
      target_{std::move(target)},
      queue_{queue},
      reports_{reports},
      path_{fmt::format("/{}/_bulk?filter_path={}", encode_path_part(options.index), bulk_filter)},
      keep_running_{io_.get_executor()},
      breaker_{options.breaker_window, options.breaker_rejects_min},
      probe_wait_{{.first = options.retry_first, .longest = options.hold_retry}},
      retries_apart_{retry_limits_of(options)},
      body_bytes_max_{options.bulk_bytes_max},
      troubles_(options.requests_in_flight_max) {
    for (auto& with : troubles_) {
        auto& on = *lanes_.emplace_back(std::make_unique<lane>(
            io_, target_, backoff_options{.first = options_.retry_first, .longest = options_.retry_longest}));
        asio::co_spawn(io_, run(on, with), rethrow);
    }
    thread_ = start_thread("os-out", [this] { io_.run(); });
}

bulk_sender::~bulk_sender() {
    asio::post(io_, [this] {
        stopped_ = true;
        for (auto const& on : lanes_) {
            on->connection.close();
            on->pause.cancel();
        }
        keep_running_.reset();
    });
    thread_.join();
}

void bulk_sender::use(net::http_target target) {
    asio::post(io_, [this, target = std::move(target)]() mutable { target_ = std::move(target); });
}

void bulk_sender::wake() {
    asio::post(io_, [this] { wake_idle(); });
}

void bulk_sender::wake_idle() {
    for (auto const& on : lanes_)
        if (on->idle) on->pause.cancel();
}

asio::awaitable<void> bulk_sender::run(lane& on, trouble& with) {
    while (!stopped_) {
        auto entries = breaker_.is_open()
                           ? std::vector<retry_entry>{}
                           : retries_apart_.take_due(steady_clock::now(), {.bytes_max = options_.bulk_bytes_max,
                                                                           .events_max = options_.bulk_events_max});
        if (!entries.empty()) {
            co_await send_again(on, with, std::move(entries));
            continue;
        }
        if (on.unsettled.empty()) {
            on.left_over = false;
            if (auto request = queue_.take()) on.unsettled.push_back(std::move(request));
        }
        // While the breaker is open a lane keeps what it has; what is new may be what shows that the target is ready.
        auto const to_try = next_candidate();
        if (to_try)
            co_await probe(on, *to_try);
        else if (!breaker_.is_open() && !on.unsettled.empty())
            co_await send(on, with);
        else
            co_await wait_idle(on);
    }
}

/// The next request of the lane, once, and what follows from its answer.
asio::awaitable<void> bulk_sender::send(lane& on, trouble& with) {
    auto& request = *on.unsettled.back();
    on.sending = true;
    co_await ask(on, request);
    on.sending = false;
    if (stopped_) co_return;
    switch (outcome_.request) {
        case request_fate::answered: {
            auto const sent = request.items().size();
            settle(on);
            if (on.left.size() < sent) made_progress(on, with);
            if (on.left.empty()) {
                queue_.recycle(std::move(on.unsettled.back()));
                on.unsettled.pop_back();
                break;
            }
            count(items_again_, on.left.size());
            request.assign(on.left);
            if (!breaker_.is_open()) co_await wait(on, with);
            break;
        }
        case request_fate::split:
            split(on);
            break;
        case request_fate::again:
            co_await wait(on, with);
            break;
        case request_fate::hold:
            hold_whole(on);
            break;
    }
}

/// Documents that were set apart, in a separate request.
asio::awaitable<void> bulk_sender::send_again(lane& on, trouble& with, std::vector<retry_entry> entries) {
    auto request = queue_.spare();
    for (auto const& each : entries) request->add(each.item);
    count(items_again_, entries.size());
    count(retries_);
    co_await ask(on, *request);
    if (stopped_) co_return;
    queue_.recycle(std::move(request));
    if (outcome_.request == request_fate::answered) {
        settle_again(entries);
        co_return;
    }
    settle_again_whole(entries);
    if (outcome_.request != request_fate::hold) co_await wait(on, with);
}

/// One document, to find out whether the target is ready.
asio::awaitable<void> bulk_sender::probe(lane& on, candidate of) {
    probing_ = true;
    std::optional<retry_entry> entry;
    if (of.of == nullptr) entry = retries_apart_.take(of.index);
    auto const item = entry ? entry->item : of.of->unsettled.back()->items()[of.index];
    auto request = queue_.spare();
    request->add(item);
    count(probes_total_);
    co_await ask(on, *request);
    probing_ = false;
    if (stopped_) co_return;
    queue_.recycle(std::move(request));
    next_probe_ = steady_clock::now() + probe_wait_.next();
    settle_probe(of, std::move(entry), item);
    if (!breaker_.is_open()) wake_idle();
}

/// Sends it and waits for the answer; what that means is in outcome_.
asio::awaitable<void> bulk_sender::ask(lane& on, bulk_request& request) {
    auto const bytes = request.wire_bytes(options_.compress);
    auto const sent_at = steady_clock::now();
    count(requests_);
    count(bytes_, bytes.size());
    count(in_flight_);
    auto answer = co_await on.connection.send({.method = "POST",
                                               .path = path_,
                                               .content_type = "application/x-ndjson",
                                               .body = bytes,
                                               .compressed = options_.compress});
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    auto const took = steady_clock::now() - sent_at;
    count(answer_microseconds_,
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    if (!stopped_) judge(std::move(answer), request);
}

/// Those with a request that is not in flight.
std::vector<bulk_sender::lane*> bulk_sender::holding_lanes() const {
    std::vector<lane*> holding;
    for (auto const& on : lanes_)
        if (!on->unsettled.empty() && !on->sending) holding.push_back(on.get());
    return holding;
}

/// Documents take turns, of all lanes and of those set apart, so that one which is not right cannot keep it open.
std::optional<bulk_sender::candidate> bulk_sender::next_candidate() {
    if (!breaker_.is_open() || probing_ || steady_clock::now() < next_probe_) return std::nullopt;
    auto const holding = holding_lanes();
    auto const apart = retries_apart_.waiting_count();
    auto const places = holding.size() + (apart > 0 ? 1 : 0);
    if (places == 0) return std::nullopt;
    auto const turn = probes_++;
    auto const place = turn % places;
    auto const round = turn / places;
    if (place == holding.size()) return candidate{.of = nullptr, .index = round % apart};
    return candidate{.of = holding[place], .index = round % holding[place]->unsettled.back()->items().size()};
}

/// Until there may be something to do.
asio::awaitable<void> bulk_sender::wait_idle(lane& on) {
    auto until = asio::steady_timer::time_point::max();
    if (breaker_.is_open()) {
        if (!probing_ && (retries_apart_.waiting_count() > 0 || !holding_lanes().empty())) until = next_probe_;
    } else if (auto const due = retries_apart_.next_due()) {
        until = *due;
    }
    on.idle = true;
    on.pause.expires_at(until);
    co_await on.pause.async_wait(nothrow);
    on.idle = false;
}

asio::awaitable<void> bulk_sender::wait(lane& on, trouble& with) {
    ++on.failures;
    count(retries_);
    bool const full = std::exchange(on.queue_full, false);
    auto const reason = full ? fmt::format(
                                   "{} documents fail while others go in, and the retry queue has no room for more; "
                                   "the newest: {}; correct what it names",
                                   retries_apart_.events(), outcome_.reason)
                             : outcome_.reason;
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn("opensearch_sink: {} ({} such lines)", reason, lines);
    {
        std::lock_guard lock{mutex_};
        with = {.reason = reason, .shown = full || on.failures >= failures_shown_min};
    }
    on.pause.expires_after(on.retry_wait.next());
    co_await on.pause.async_wait(nothrow);
}

void bulk_sender::made_progress(lane& on, trouble& with) {
    on.retry_wait.reset();
    if (std::exchange(on.failures, 0) == 0) return;
    std::lock_guard lock{mutex_};
    if (with.shown) log_info("opensearch_sink: recovered");
    with = {};
}

void bulk_sender::describe(stage_status& into) const {
    {
        std::lock_guard lock{mutex_};
        into.reason = paused_;
        for (auto const& with : troubles_)
            if (into.reason.empty() && with.shown) into.reason = with.reason;
    }
    into.up = into.reason.empty();
    into.retries = retries_.load(std::memory_order_relaxed);
    into.metrics = {
        {metrics::waiting, queue_.waiting_events()},
        {metrics::requests_in_flight, in_flight_},
        {metrics::retry_queue_events, apart_events_},
        {metrics::indexed, indexed_},
        {metrics::duplicates, already_there_},
        {metrics::rejected, rejected_},
        {metrics::requests, requests_},
        {metrics::request_time, static_cast<double>(answer_microseconds_.load(std::memory_order_relaxed)) / 1e6},
        {metrics::retried, items_again_},
        {metrics::bytes_out, bytes_},
        {metrics::retry_queued, apart_total_},
        {metrics::retry_queue_bytes, apart_bytes_},
        {metrics::probes, probes_total_},
    };
}

}  // namespace logpipe::opensearch
