#include "bulk_sender.hpp"

#include "base/assert.hpp"
#include "base/thread.hpp"
#include "rest_questions.hpp"

#include <fmt/format.h>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace logpipe {

namespace asio = boost::asio;

namespace {

constexpr auto nothrow = asio::as_tuple(asio::use_awaitable);

/// A server that is busy for a moment is no reason for alarm; one that is so this often in a row is.
constexpr unsigned failures_shown_min = 3;

void rethrow(std::exception_ptr const& failure) {
    if (failure) std::rethrow_exception(failure);
}

void count(std::atomic<std::uint64_t>& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
}

/// What an operator should look at, behind what the server said.
std::string_view advice_for(std::string_view why) {
    constexpr std::string_view whole = "HTTP ";
    auto const status = (why.starts_with(whole) ? why.substr(whole.size()) : why).substr(0, 3);
    if (status == "401") return "check user name, password or API key";
    if (status == "403") return "this user needs the right to create documents in the index";
    if (status == "404") return "make the index, or let the server make it (action.auto_create_index)";
    return "see to it there";
}

}  // namespace

bulk_sender::bulk_sender(opensearch_sink_options const& options, rest_target target, bulk_queue& queue,
                         std::function<void(batch&&)> finished)
    : options_{options},
      target_{std::move(target)},
      queue_{queue},
      finished_{std::move(finished)},
      path_{fmt::format("/{}/_bulk?filter_path={}", encode_path_part(options.index), bulk_filter)},
      keep_running_{io_.get_executor()},
      breaker_{options.breaker_window, options.breaker_rejects_min},
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

void bulk_sender::wake() {
    asio::post(io_, [this] {
        for (auto const& on : lanes_)
            if (on->idle) on->pause.cancel();
    });
}

asio::awaitable<void> bulk_sender::run(lane& on, trouble& with) {
    while (!stopped_) {
        auto request = breaker_.tripped() ? nullptr : queue_.take();
        if (request) {
            on.unsettled.push_back(std::move(request));
            while (!on.unsettled.empty() && !stopped_) co_await send(on, with);
            continue;
        }
        on.idle = true;
        on.pause.expires_at(asio::steady_timer::time_point::max());
        co_await on.pause.async_wait(nothrow);
        on.idle = false;
    }
}

/// The next request of the lane, once, and what follows from its answer.
asio::awaitable<void> bulk_sender::send(lane& on, trouble& with) {
    if (breaker_.tripped()) {
        on.pause.expires_at(asio::steady_timer::time_point::max());
        co_await on.pause.async_wait(nothrow);
        co_return;
    }
    auto& request = *on.unsettled.back();
    auto const bytes = request.wire_bytes(options_.compress);
    auto const sent_at = std::chrono::steady_clock::now();
    count(requests_);
    count(bytes_, bytes.size());
    count(in_flight_);
    auto answer = co_await on.connection.ask({.method = "POST",
                                              .path = path_,
                                              .content_type = "application/x-ndjson",
                                              .body = bytes,
                                              .compressed = options_.compress});
    in_flight_.fetch_sub(1, std::memory_order_relaxed);
    auto const took = std::chrono::steady_clock::now() - sent_at;
    count(answer_microseconds_,
          static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
    if (stopped_) co_return;
    judge(std::move(answer), request);
    switch (outcome_.request) {
        case request_fate::answered: {
            auto const sent = request.items().size();
            settle(on);
            if (on.left.empty()) {
                queue_.recycle(std::move(on.unsettled.back()));
                on.unsettled.pop_back();
                went_well(on, with);
                break;
            }
            count(items_again_, on.left.size());
            request.assign(on.left);
            if (on.left.size() < sent) {
                on.retry_wait.reset();
                on.failures = 0;
            }
            bool const held = std::ranges::find(outcome_.items, item_fate::hold) != outcome_.items.end();
            co_await wait(on, with, held);
            break;
        }
        case request_fate::split:
            split(on);
            break;
        case request_fate::again:
            co_await wait(on, with, false);
            break;
        case request_fate::hold:
            co_await wait(on, with, true);
            break;
    }
}

/// Into outcome_. What never got an answer is asked again.
void bulk_sender::judge(result<rest_answer> answer, bulk_request const& sent) {
    if (answer) {
        reader_.read(answer->status, answer->body, sent.items().size(), outcome_);
    } else {
        // Too long an answer comes of too many items.
        bool const splits = answer.error().code == errc::too_large && sent.items().size() > 1;
        bool const holds = answer.error().code == errc::unauthorized;
        outcome_.items.clear();
        outcome_.reasons.clear();
        outcome_.request = splits ? request_fate::split : holds ? request_fate::hold : request_fate::again;
        outcome_.why = std::move(answer.error().message);
    }
}

/// Items that are to be sent again are left in `on.left`, and the first one's reason in outcome_.why.
void bulk_sender::settle(lane& on) {
    on.left.clear();
    auto const& items = on.unsettled.back()->items();
    LOGPIPE_ASSERT(outcome_.items.size() == items.size());
    // Before a batch is told finished, so that who hears of it finds its documents counted.
    auto const how_many = [&](item_fate fate) {
        return static_cast<std::uint64_t>(std::ranges::count(outcome_.items, fate));
    };
    count(indexed_, how_many(item_fate::indexed));
    count(already_there_, how_many(item_fate::already_there));
    auto reason = outcome_.reasons.begin();
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        auto const& item = items[i];
        auto const fate = outcome_.items[i];
        auto& counts = item.of->events.counts;
        if (fate == item_fate::indexed || fate == item_fate::already_there) {
            ++(fate == item_fate::indexed ? counts.indexed : counts.already_there);
            breaker_.count(false);
        } else {
            LOGPIPE_ASSERT(reason != outcome_.reasons.end() && reason->first == i);
            auto const& words = (reason++)->second;
            if (fate != item_fate::refused || breaker_.tripped()) {
                if (on.left.empty()) outcome_.why = words;
                on.left.push_back(item);
                continue;
            }
            refuse(item, words);
        }
        if (auto done = queue_.settle(*item.of)) finished_(*std::move(done));
    }
}

void bulk_sender::refuse(bulk_item const& item, std::string_view reason) {
    item.of->events.reject(item.row, "opensearch", std::string{reason});
    count(rejected_);
    breaker_.count(true);
    if (!breaker_.tripped()) return;
    auto why = fmt::format(
        "held: {} of the last {} documents were refused, the newest: {}; correct the mapping or what makes the "
        "documents and start again (nothing is lost; what was not indexed is sent again)",
        breaker_.rejects(), breaker_.counted(), reason);
    log_error("opensearch_sink: {}", why);
    std::lock_guard lock{mutex_};
    tripped_ = std::move(why);
}

/// Two halves in its place; a single document has no halves.
void bulk_sender::split(lane& on) {
    auto whole = std::move(on.unsettled.back());
    on.unsettled.pop_back();
    auto const& items = whole->items();
    auto const bytes = whole->body().size();
    if (items.size() == 1) {
        auto const item = items.front();
        refuse(item, fmt::format("{} ({} bytes; it is too large for the server)", outcome_.why, bytes));
        queue_.recycle(std::move(whole));
        if (auto done = queue_.settle(*item.of)) finished_(*std::move(done));
        return;
    }
    body_bytes_max_ = std::min(body_bytes_max_.load(), bytes / 2);
    count(retries_);
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn(
            "opensearch_sink: {} for a request of {} bytes: it is split, and from now on they have at most {} ({} such "
            "lines)",
            outcome_.why, bytes, body_bytes_max_.load(), lines);
    auto const middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
    for (auto const& [begin, end] : {std::pair{middle, items.end()}, std::pair{items.begin(), middle}}) {
        auto half = queue_.spare();
        half->assign({begin, end});
        on.unsettled.push_back(std::move(half));
    }
    queue_.recycle(std::move(whole));
}

asio::awaitable<void> bulk_sender::wait(lane& on, trouble& with, bool held) {
    ++on.failures;
    count(retries_);
    auto const why =
        held ? fmt::format("held: {}; {}; it is tried again", outcome_.why, advice_for(outcome_.why)) : outcome_.why;
    if (auto const lines = log_limit_.admit(); lines != 0) log_warn("opensearch_sink: {} ({} such lines)", why, lines);
    {
        std::lock_guard lock{mutex_};
        with = {.why = why, .shown = held || on.failures >= failures_shown_min};
    }
    on.pause.expires_after(held ? options_.hold_retry : on.retry_wait.next());
    co_await on.pause.async_wait(nothrow);
}

void bulk_sender::went_well(lane& on, trouble& with) {
    on.retry_wait.reset();
    if (std::exchange(on.failures, 0) == 0) return;
    std::lock_guard lock{mutex_};
    if (with.shown) log_info("opensearch_sink: it works again");
    with = {};
}

void bulk_sender::describe(stage_status& into) const {
    {
        std::lock_guard lock{mutex_};
        into.why = tripped_;
        for (auto const& with : troubles_)
            if (into.why.empty() && with.shown) into.why = with.why;
    }
    into.up = into.why.empty();
    auto const of = [](std::atomic<std::uint64_t> const& counter) {
        return static_cast<double>(counter.load(std::memory_order_relaxed));
    };
    into.retries = retries_.load(std::memory_order_relaxed);
    into.gauges.emplace_back("indexed", of(indexed_));
    into.gauges.emplace_back("already_there", of(already_there_));
    into.gauges.emplace_back("rejected", of(rejected_));
    into.gauges.emplace_back("waiting", static_cast<double>(queue_.waiting_events()));
    into.gauges.emplace_back("requests_in_flight", of(in_flight_));
    into.gauges.emplace_back("requests_total", of(requests_));
    into.gauges.emplace_back("request_seconds_total", of(answer_microseconds_) / 1e6);
    into.gauges.emplace_back("items_again_total", of(items_again_));
    into.gauges.emplace_back("bytes_out_total", of(bytes_));
}

}  // namespace logpipe
