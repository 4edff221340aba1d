#include "document_outcomes.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::opensearch {

namespace {

using std::chrono::steady_clock;

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

document_outcomes::document_outcomes(opensearch_sink_options const& options, bulk_queue& queue, completions& reports,
                                     std::function<void()> on_retry_queued)
    : queue_{queue},
      reports_{reports},
      on_retry_queued_{std::move(on_retry_queued)},
      breaker_{options.breaker_window, options.breaker_rejects_min},
      retry_queue_{retry_limits_of(options)},
      body_bytes_max_{options.bulk_bytes_max} {}

/// What never got a response is retried.
void document_outcomes::read(result<net::http_response> response, bulk_request const& sent) {
    if (response) {
        reader_.read(response->status, response->body, sent.items().size(), last_);
        last_.code = errc::rejected;
    } else {
        auto failure = response.error();
        // Too long a response comes of too many items.
        bool const splits = failure.code == errc::too_large && sent.items().size() > 1;
        bool const pauses = failure.code == errc::unauthorized;
        last_.items.clear();
        last_.reasons.clear();
        last_.request = splits ? request_fate::split : pauses ? request_fate::pause : request_fate::retry;
        last_.code = failure.code;
        last_.reason = std::move(failure.message);
    }
}

/// The reason of the first document that is left becomes that of last().
void document_outcomes::apply(lane_requests& of) {
    of.left.clear();
    of.retry_queue_full = false;
    auto& request = *of.pending.back();
    auto const& items = request.items();
    LOGPIPE_ASSERT(last_.items.size() == items.size());
    using history = target_breaker::history;
    breaker_.note(last_, request.was_paused() ? history::had_it_open
                         : of.others_stored   ? history::left_over
                                              : history::none);
    if (breaker_.is_open()) {
        request.mark_paused();
        note_breaker();
    }
    // Before a batch is reported, so that the receiver finds its documents counted.
    auto const how_many = [&](item_fate fate) {
        return static_cast<std::uint64_t>(std::ranges::count(last_.items, fate));
    };
    count(counts_.indexed, how_many(item_fate::indexed));
    count(counts_.duplicates, how_many(item_fate::duplicate));
    bool const target_works = is_proof(last_);
    bool const few_busy = target_works && how_many(item_fate::retry) < target_breaker::documents_min;
    auto next_reason = last_.reasons.begin();
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        auto const fate = last_.items[i];
        if (is_stored(fate)) {
            store(items[i], fate);
            complete(items[i]);
            continue;
        }
        LOGPIPE_ASSERT(next_reason != last_.reasons.end() && next_reason->item == i);
        auto const& reason = *next_reason++;
        bool const stays = breaker_.is_open() || (fate == item_fate::retry && !few_busy);
        if (!stays && handle_failed(items[i], fate, reason, target_works)) continue;
        if (of.left.empty()) last_.reason = reason.words;
        of.retry_queue_full = of.retry_queue_full || !stays;
        of.left.push_back(items[i]);
    }
    of.others_stored = of.others_stored || target_works;
}

/// A document that failed with the breaker closed.
/// @param target_works  the same response shows that the target accepts documents
/// @return false where the retry queue is full
bool document_outcomes::handle_failed(bulk_item const& item, item_fate fate, item_reason const& reason,
                                      bool target_works) {
    if (fate == item_fate::rejected && (target_works || reason.names_document)) {
        reject(item, reason.words);
        complete(item);
        return true;
    }
    if (!retry_queue_.has_room(item)) return false;
    move_to_retry_queue(item, fate == item_fate::retry ? 0 : 1, reason.words);
    return true;
}

void document_outcomes::move_to_retry_queue(bulk_item const& item, std::uint64_t attempts, std::string_view reason) {
    auto [alone, done] = queue_.separate(item, reports_.takes_parts());
    retry_queue_.add({.item = alone,
                      .reason = std::string{reason},
                      .tries = attempts,
                      .proofs = breaker_.proofs(),
                      .bytes = 0,
                      .failed_first = {},
                      .due = {},
                      .wait = {}},
                     steady_clock::now());
    count(counts_.retry_queued);
    note_retry_queue();
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn("opensearch_sink: a document failed and was moved to the retry queue: {} ({} such lines)", reason,
                 lines);
    on_retry_queued_();
    if (done) reports_.done(*std::move(done));
}

void document_outcomes::apply_to_retried(std::vector<retry_entry>& entries) {
    if (is_proof(last_)) breaker_.proved();
    auto next_reason = last_.reasons.begin();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& each = entries[i];
        auto const fate = last_.items[i];
        if (is_stored(fate)) {
            count(fate == item_fate::indexed ? counts_.indexed : counts_.duplicates);
            store(each.item, fate);
            forget(each);
            complete(each.item);
            continue;
        }
        auto const& reason = *next_reason++;
        each.reason = reason.words;
        // Others were stored since it failed the last time: it is this document.
        bool const alone = breaker_.proofs() > each.proofs;
        each.proofs = breaker_.proofs();
        bool const counts = !breaker_.is_open() && (fate == item_fate::failed || fate == item_fate::rejected ||
                                                    (fate == item_fate::pause && alone));
        bool const rejected = fate == item_fate::rejected && !breaker_.is_open() && (alone || reason.names_document);
        if (!end_retries(each, counts, rejected)) retry_queue_.put_back(std::move(each), steady_clock::now());
    }
}

/// That says nothing of the documents; unless there was only one, and others were stored meanwhile.
void document_outcomes::apply_to_retried_request(std::vector<retry_entry>& entries) {
    bool const pauses = last_.request == request_fate::pause && !breaker_.is_open();
    bool const alone = entries.size() == 1 && breaker_.proofs() > entries.front().proofs;
    for (auto& each : entries) {
        each.by_itself = each.by_itself || pauses;
        each.proofs = breaker_.proofs();
        if (pauses) each.reason = last_.reason;
        if (!end_retries(each, pauses && alone, false)) retry_queue_.put_back(std::move(each), steady_clock::now());
    }
    if (!pauses || alone) return;
    breaker_.request_rejected(last_.reason);
    note_breaker();
}

/// @param counts  the attempt does; with enough of them it is over
/// @param rejected  it is over now
/// @return false where it waits on
bool document_outcomes::end_retries(retry_entry& entry, bool counts, bool rejected) {
    auto const now = steady_clock::now();
    if (counts) ++entry.tries;
    if (!rejected && !(counts && retry_queue_.is_over(entry, now))) return false;
    // Without numbers: dead letters are listed by their reasons.
    reject(entry.item,
           rejected ? entry.reason : entry.reason + "; not retried after --document-tries and --document-retry-time");
    forget(entry);
    complete(entry.item);
    return true;
}

/// The breaker closes where the response shows that the target is ready.
void document_outcomes::apply_to_probe(bulk_item const& item, lane_requests* from, std::size_t index,
                                       std::optional<retry_entry> entry, std::size_t probe_count) {
    bool const responded = last_.request == request_fate::per_item;
    bool const stored = responded && is_stored(last_.items.front());
    if (stored || (responded && is_proof(last_) && !breaker_.is_open_for_rejects())) {
        log_info("opensearch_sink: recovered after {} probes, sending continues", probe_count);
        breaker_.close();
        breaker_.proved();
        note_breaker();
    }
    if (!stored) {
        if (entry) retry_queue_.put_back(*std::move(entry), steady_clock::now());
        return;
    }
    auto const fate = last_.items.front();
    count(fate == item_fate::indexed ? counts_.indexed : counts_.duplicates);
    store(item, fate);
    if (entry) {
        forget(*entry);
    } else {
        auto& request = *from->pending.back();
        auto left = request.items();
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(index));
        request.assign(left);
        if (left.empty()) {
            queue_.recycle(std::move(from->pending.back()));
            from->pending.pop_back();
        }
    }
    complete(item);
}

void document_outcomes::split(lane_requests& of) {
    auto const& request = *of.pending.back();
    auto const bytes = request.body().size();
    if (request.items().size() == 1) {
        auto const item = request.items().front();
        queue_.recycle(std::move(of.pending.back()));
        of.pending.pop_back();
        reject(item, fmt::format("{} ({} bytes; it is too large for the server)", last_.reason, bytes));
        complete(item);
        return;
    }
    body_bytes_max_ = std::min(body_bytes_max_.load(), bytes / 2);
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn(
            "opensearch_sink: {} for a request of {} bytes: it is split, and requests have at most {} bytes from "
            "now on ({} such lines)",
            last_.reason, bytes, body_bytes_max_.load(), lines);
    halve(of);
}

void document_outcomes::halve(lane_requests& of) {
    count(counts_.splits);
    auto request = std::move(of.pending.back());
    of.pending.pop_back();
    auto const& items = request->items();
    auto const middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
    for (auto const& [begin, end] : {std::pair{middle, items.end()}, std::pair{items.begin(), middle}}) {
        auto half = queue_.spare();
        half->assign({begin, end});
        of.pending.push_back(std::move(half));
    }
    queue_.recycle(std::move(request));
}

/// It is the target's fault, unless a document of it was stored since and it is rejected a second time. Then something
/// in it is what the server does not accept, and it is cut until that is found.
void document_outcomes::pause(lane_requests& of) {
    auto& request = *of.pending.back();
    if (!request.was_paused()) {
        request.mark_paused();
        if (!breaker_.is_open()) breaker_.request_rejected(last_.reason);
        note_breaker();
        return;
    }
    if (request.items().size() > 1) return halve(of);
    auto const item = request.items().front();
    if (!retry_queue_.has_room(item)) {
        breaker_.request_rejected(last_.reason);
        note_breaker();
        return;
    }
    queue_.recycle(std::move(of.pending.back()));
    of.pending.pop_back();
    move_to_retry_queue(item, 1, last_.reason);
}

void document_outcomes::store(bulk_item const& item, item_fate fate) {
    auto& counts = item.of->events.counts;
    ++(fate == item_fate::indexed ? counts.indexed : counts.duplicates);
    breaker_.was_stored();
}

/// It becomes a dead letter once it is complete.
void document_outcomes::reject(bulk_item const& item, std::string reason) {
    breaker_.was_rejected(reason);
    if (breaker_.is_open()) note_breaker();
    item.of->events.reject(item.row, "opensearch", std::move(reason));
    count(counts_.rejected);
}

void document_outcomes::complete(bulk_item const& item) {
    if (auto done = queue_.complete(*item.of)) reports_.done(*std::move(done));
}

void document_outcomes::note_breaker() {
    if (!breaker_.is_open()) {
        health_.up();
        return;
    }
    bool const was_open = !health_.is_up();
    health_.down({errc::rejected, breaker_.reason()});
    if (!was_open) log_error("opensearch_sink: {}", breaker_.reason());
}

void document_outcomes::forget(retry_entry const& entry) {
    retry_queue_.forget(entry);
    note_retry_queue();
}

void document_outcomes::note_retry_queue() {
    counts_.retry_queue_events.store(retry_queue_.events(), std::memory_order_relaxed);
    counts_.retry_queue_bytes.store(retry_queue_.bytes(), std::memory_order_relaxed);
}

}  // namespace logpipe::opensearch
