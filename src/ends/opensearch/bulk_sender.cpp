#include "bulk_sender.hpp"

#include "opensearch_metrics.hpp"

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

/// A server that is busy for a moment does not deserve an alarm; one that is so this often in a row does.
constexpr unsigned failures_shown_min = 3;

/// Fewer that fail may have reasons that are theirs.
constexpr auto few_documents = static_cast<std::ptrdiff_t>(target_breaker::documents_min);

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

/// With many indices each document names its own.
std::string bulk_path(std::string const& index) {
    auto const pattern = index_pattern::parse(index);
    auto const in_path = pattern && pattern->is_one_index() ? "/" + encode_path_part(index) : std::string{};
    return fmt::format("{}/_bulk?filter_path={}", in_path, bulk_filter);
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
}

}  // namespace

bulk_sender::bulk_sender(opensearch_sink_options const& options, std::vector<net::http_target> targets,
                         bulk_queue& queue, std::shared_ptr<request_pace> pace, completions& reports)
    : options_{options},
      targets_{std::move(targets)},
      hosts_{"opensearch_sink", net::names_of(targets_)},
      queue_{queue},
      pace_{std::move(pace)},
      path_{bulk_path(options.index)},
      keep_running_{io_.get_executor()},
      outcomes_{options, queue, reports, [this] { wake_idle(); }},
      probes_{.wait = backoff{{.first = options.retry_first, .longest = options.probe_longest}}} {
    backoff_options const how{.first = options_.retry_first, .longest = options_.retry_longest};
    for (std::size_t i = 0; i < options_.requests_in_flight_max; ++i)
        asio::co_spawn(io_, run(*lanes_.emplace_back(std::make_unique<lane>(io_, targets_.size(), how))), rethrow);
    pace_->join(this, [this] { wake(); });
    thread_ = start_thread("os-out", [this] { io_.run(); });
}

bulk_sender::~bulk_sender() {
    pace_->leave(this);
    asio::post(io_, [this] {
        stopped_ = true;
        for (auto const& on : lanes_) {
            for (auto const& each : on->connections)
                if (each) each->close();
            on->pause.cancel();
        }
        keep_running_.reset();
    });
    thread_.join();
}

void bulk_sender::use(std::vector<net::http_target> targets) {
    asio::post(io_, [this, targets = std::move(targets)]() mutable { std::ranges::move(targets, targets_.begin()); });
}

void bulk_sender::wake() {
    asio::post(io_, [this] { wake_idle(); });
}

void bulk_sender::wake_idle() {
    for (auto const& on : lanes_)
        if (on->idle) on->pause.cancel();
}

asio::awaitable<void> bulk_sender::run(lane& on) {
    auto& requests = on.requests.pending;
    while (!stopped_) {
        auto const& breaker = outcomes_.breaker();
        auto const now = steady_clock::now();
        auto const due = outcomes_.retries().next_due();
        bool const retries_due = !breaker.is_open() && due && *due <= now;
        if (!retries_due && requests.empty()) {
            on.requests.others_stored = false;
            if (auto request = queue_.take()) requests.push_back(std::move(request));
        }
        // While the breaker is open a lane keeps what it has; what is new may be what shows that the target is ready.
        auto const to_probe = retries_due ? std::nullopt : next_candidate();
        bool const has_work = retries_due || to_probe || (!breaker.is_open() && !requests.empty());
        if (!has_work || !pace_->begin(on.permit, now))
            co_await wait_idle(on);
        else if (retries_due)
            co_await send_retries(on, outcomes_.retries().take_due(now, {.bytes_max = body_bytes_max(),
                                                                         .events_max = options_.bulk_events_max}));
        else if (to_probe)
            co_await probe(on, *to_probe);
        else
            co_await send(on);
    }
}

/// The next request of the lane, once, and what follows from its response.
asio::awaitable<void> bulk_sender::send(lane& on) {
    auto& pending = on.requests.pending;
    auto const& left = on.requests.left;
    auto& request = *pending.back();
    on.sending = true;
    co_await exchange(on, request);
    on.sending = false;
    if (stopped_) co_return;
    bool waits = false;
    switch (outcomes_.last().request) {
        case request_fate::per_item: {
            auto const sent = request.items().size();
            outcomes_.apply(on.requests);
            if (left.size() < sent) made_progress(on);
            if (left.empty()) {
                queue_.recycle(std::move(pending.back()));
                pending.pop_back();
                break;
            }
            count(documents_retried_, left.size());
            request.assign(left);
            waits = !outcomes_.breaker().is_open();
            break;
        }
        case request_fate::split:
            outcomes_.split(on.requests);
            break;
        case request_fate::retry:
            shrink(on);
            waits = true;
            break;
        case request_fate::pause:
            outcomes_.pause(on.requests);
            break;
    }
    note_breaker();
    if (waits) co_await wait(on);
}

/// Documents of the retry queue, in a separate request.
asio::awaitable<void> bulk_sender::send_retries(lane& on, std::vector<retry_entry> entries) {
    auto request = queue_.spare();
    for (auto const& each : entries) request->add(each.item);
    count(documents_retried_, entries.size());
    count(retries_);
    co_await exchange(on, *request);
    if (stopped_) co_return;
    queue_.recycle(std::move(request));
    auto const fate = outcomes_.last().request;
    if (fate == request_fate::per_item)
        outcomes_.apply_to_retried(entries);
    else
        outcomes_.apply_to_retried_request(entries);
    note_breaker();
    if (fate == request_fate::retry || fate == request_fate::split) co_await wait(on);
}

/// One document, to find out whether the target is ready.
asio::awaitable<void> bulk_sender::probe(lane& on, candidate of) {
    probes_.sending = true;
    std::optional<retry_entry> entry;
    if (of.of == nullptr) entry = outcomes_.retries().take(of.index);
    auto const item = entry ? entry->item : of.of->requests.pending.back()->items()[of.index];
    auto request = queue_.spare();
    request->add(item);
    count(probes_total_);
    co_await exchange(on, *request);
    probes_.sending = false;
    if (stopped_) co_return;
    queue_.recycle(std::move(request));
    probes_.next = steady_clock::now() + probes_.wait.next();
    outcomes_.apply_to_probe(item, of.of == nullptr ? nullptr : &of.of->requests, of.index, std::move(entry),
                             probes_.count);
    note_breaker();
    if (!outcomes_.breaker().is_open()) wake_idle();
}

/// Sends it and waits for the response, of another server where one fails; what it means is in outcomes_.last().
asio::awaitable<void> bulk_sender::exchange(lane& on, bulk_request& request) {
    auto const bytes = request.wire_bytes(options_.compress);
    for (std::size_t tries = 1;; ++tries) {
        auto const sent_at = steady_clock::now();
        auto const host = hosts_.next(sent_at);
        count(requests_);
        count(bytes_, bytes.size());
        count(in_flight_);
        auto response = co_await connection_of(on, host).send({.method = "POST",
                                                               .path = path_,
                                                               .content_type = "application/x-ndjson",
                                                               .body = bytes,
                                                               .compressed = options_.compress});
        in_flight_.fetch_sub(1, std::memory_order_relaxed);
        auto const now = steady_clock::now();
        count(response_microseconds_,
              static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now - sent_at).count()));
        if (stopped_) {
            pace_->end(on.permit, request_pace::response::none, now);
            co_return;
        }
        auto const failure = net::host_failure(response, targets_[host].name);
        if (!failure) hosts_.responded(host, now);
        // Others mark servers as up meanwhile, and a body may be what breaks each: so each has it once.
        if (failure && hosts_.failed(host, *failure, now) && tries < hosts_.count()) {
            count(retries_);
            count(documents_retried_, request.items().size());
            continue;
        }
        bool const responded = response.has_value();
        outcomes_.read(std::move(response), request);
        count_load(on, responded);
        co_return;
    }
}

void bulk_sender::count_load(lane& on, bool responded) {
    using enum request_pace::response;
    auto const& outcome = outcomes_.last();
    auto came = none;
    if (outcome.request == request_fate::per_item)
        came = std::ranges::count(outcome.items, item_fate::retry) >= few_documents ? busy : taken;
    else if (outcome.request == request_fate::retry && (responded || outcome.code == errc::timed_out))
        came = busy;
    pace_->end(on.permit, came, steady_clock::now());
}

/// What the target did not take is sent in requests as large as the others have become.
void bulk_sender::shrink(lane& on) {
    auto const bytes_max = pace_->bytes();
    auto const& pending = on.requests.pending;
    while (pending.back()->body().size() > bytes_max && pending.back()->items().size() > 1)
        outcomes_.halve(on.requests);
}

net::http_connection& bulk_sender::connection_of(lane& on, std::size_t host) {
    auto& connection = on.connections[host];
    if (!connection) connection = std::make_unique<net::http_connection>(io_.get_executor(), targets_[host]);
    return *connection;
}

/// Probing begins when the breaker opens.
void bulk_sender::note_breaker() {
    bool const was_open = std::exchange(probes_.open, outcomes_.breaker().is_open());
    if (was_open || !probes_.open) return;
    probes_.count = 0;
    probes_.wait.reset();
    probes_.next = steady_clock::now() + probes_.wait.next();
}

/// Those with a request that is not in flight.
std::vector<bulk_sender::lane*> bulk_sender::lanes_with_requests() const {
    std::vector<lane*> found;
    for (auto const& on : lanes_)
        if (!on->requests.pending.empty() && !on->sending) found.push_back(on.get());
    return found;
}

/// Documents take turns, of all lanes and of the retry queue, so that one which is wrong cannot keep the breaker open.
std::optional<bulk_sender::candidate> bulk_sender::next_candidate() {
    if (!outcomes_.breaker().is_open() || probes_.sending || steady_clock::now() < probes_.next) return std::nullopt;
    auto const lanes = lanes_with_requests();
    auto const retries = outcomes_.retries().waiting_count();
    auto const choices = lanes.size() + (retries > 0 ? 1 : 0);
    if (choices == 0) return std::nullopt;
    auto const turn = probes_.count++;
    auto const choice = turn % choices;
    auto const round = turn / choices;
    if (choice == lanes.size()) return candidate{.of = nullptr, .index = round % retries};
    return candidate{.of = lanes[choice], .index = round % lanes[choice]->requests.pending.back()->items().size()};
}

/// Until there may be something to do.
asio::awaitable<void> bulk_sender::wait_idle(lane& on) {
    auto until = asio::steady_timer::time_point::max();
    if (outcomes_.breaker().is_open()) {
        bool const has_candidates = outcomes_.retries().waiting_count() > 0 || !lanes_with_requests().empty();
        if (!probes_.sending && has_candidates) until = probes_.next;
    } else if (auto const due = outcomes_.retries().next_due()) {
        until = *due;
    }
    on.idle = true;
    on.pause.expires_at(until);
    co_await on.pause.async_wait(nothrow);
    on.idle = false;
}

asio::awaitable<void> bulk_sender::wait(lane& on) {
    ++on.failures;
    count(retries_);
    auto const& outcome = outcomes_.last();
    bool const full = std::exchange(on.requests.retry_queue_full, false);
    error why{full ? errc::rejected : outcome.code, outcome.reason};
    if (full)
        why.message = fmt::format(
            "{} documents fail while others are stored, and the retry queue is full; the newest: {}; correct what it "
            "names",
            outcomes_.retries().events(), outcome.reason);
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn("opensearch_sink: {} ({} such lines)", why.message, lines);
    if (full || on.failures >= failures_shown_min)
        on.health.down(std::move(why));
    else
        on.health.up();
    on.pause.expires_after(on.retry_wait.next());
    co_await on.pause.async_wait(nothrow);
}

void bulk_sender::made_progress(lane& on) {
    on.retry_wait.reset();
    on.failures = 0;
    if (on.health.up()) log_info("opensearch_sink: recovered");
}

void bulk_sender::describe(stage_status& into) const {
    outcomes_.health().describe(into);
    for (auto const& on : lanes_)
        if (into.up) on->health.describe(into);
    auto const& documents = outcomes_.counts();
    into.retries = retries_.load(std::memory_order_relaxed) + documents.splits.load(std::memory_order_relaxed);
    into.metrics = {
        {metrics::waiting, queue_.waiting_events()},
        {metrics::requests_in_flight, in_flight_},
        {metrics::requests_in_flight_max, pace_->requests()},
        {metrics::body_bytes_max, body_bytes_max()},
        {metrics::retry_queue_events, documents.retry_queue_events},
        {metrics::indexed, documents.indexed},
        {metrics::duplicates, documents.duplicates},
        {metrics::rejected, documents.rejected},
        {metrics::requests, requests_},
        {metrics::request_time, static_cast<double>(response_microseconds_.load(std::memory_order_relaxed)) / 1e6},
        {metrics::retried, documents_retried_},
        {metrics::bytes_out, bytes_},
        {metrics::retry_queued, documents.retry_queued},
        {metrics::retry_queue_bytes, documents.retry_queue_bytes},
        {metrics::probes, probes_total_},
    };
    hosts_.describe(into);
}

}  // namespace logpipe::opensearch
