// What follows from the answers to the sender's requests, for each document.
#include "bulk_sender.hpp"

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

}  // namespace

/// Into outcome_. What never got an answer is asked again.
void bulk_sender::judge(result<net::http_response> answer, bulk_request const& sent) {
    if (answer) {
        reader_.read(answer->status, answer->body, sent.items().size(), outcome_);
    } else {
        // Too long an answer comes of too many items.
        bool const splits = answer.error().code == errc::too_large && sent.items().size() > 1;
        bool const holds = answer.error().code == errc::unauthorized;
        outcome_.items.clear();
        outcome_.reasons.clear();
        outcome_.request = splits ? request_fate::split : holds ? request_fate::hold : request_fate::again;
        outcome_.reason = std::move(answer.error().message);
    }
}

/// Items that are to be sent again as they are, are left in `on.left`, and the first one's reason in outcome_.why.
void bulk_sender::settle(lane& on) {
    on.left.clear();
    on.queue_full = false;
    auto& request = *on.unsettled.back();
    auto const& items = request.items();
    LOGPIPE_ASSERT(outcome_.items.size() == items.size());
    using history = target_breaker::history;
    breaker_.see(outcome_, request.was_held() ? history::had_it_open
                           : on.left_over     ? history::left_over
                                              : history::none);
    if (breaker_.is_open()) {
        request.mark_held();
        show_breaker();
    }
    // Before a batch is told finished, so that who hears of it finds its documents counted.
    auto const how_many = [&](item_fate fate) {
        return static_cast<std::uint64_t>(std::ranges::count(outcome_.items, fate));
    };
    count(indexed_, how_many(item_fate::indexed));
    count(already_there_, how_many(item_fate::already_there));
    bool const proven = is_proof(outcome_);
    bool const few_busy = proven && how_many(item_fate::again) < target_breaker::documents_min;
    auto next_reason = outcome_.reasons.begin();
    for (std::uint32_t i = 0; i < items.size(); ++i) {
        auto const fate = outcome_.items[i];
        if (is_in(fate)) {
            take_in(items[i], fate);
            finish(items[i]);
            continue;
        }
        LOGPIPE_ASSERT(next_reason != outcome_.reasons.end() && next_reason->item == i);
        auto const& reason = *next_reason++;
        bool const stays = breaker_.is_open() || (fate == item_fate::again && !few_busy);
        if (!stays && settle_failed(items[i], fate, reason, proven)) continue;
        if (on.left.empty()) outcome_.reason = reason.words;
        on.queue_full = on.queue_full || !stays;
        on.left.push_back(items[i]);
    }
    on.left_over = on.left_over || proven;
}

/// A document that failed with the breaker closed.
/// @param proven  the same answer shows that the target takes documents
/// @return false where there is no room for it
bool bulk_sender::settle_failed(bulk_item const& item, item_fate fate, item_reason const& reason, bool proven) {
    if (fate == item_fate::refused && (proven || reason.names_document)) {
        refuse(item, reason.words);
        finish(item);
        return true;
    }
    if (!retries_apart_.has_room(item)) return false;
    set_apart(item, fate == item_fate::again ? 0 : 1, reason.words);
    return true;
}

void bulk_sender::set_apart(bulk_item const& item, std::uint64_t tries, std::string_view reason) {
    auto [alone, done] = queue_.set_apart(item, reports_.takes_parts());
    retries_apart_.add({.item = alone,
                        .reason = std::string{reason},
                        .tries = tries,
                        .proofs = breaker_.proofs(),
                        .bytes = 0,
                        .failed_first = {},
                        .due = {},
                        .wait = {}},
                       steady_clock::now());
    count(apart_total_);
    show_retries();
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn("opensearch_sink: a document fails, is set apart and sent again later: {} ({} such lines)", reason,
                 lines);
    wake_idle();  // one of them waits for it
    if (done) reports_.done(*std::move(done));
}

/// Of documents that were set apart.
void bulk_sender::settle_again(std::vector<retry_entry>& entries) {
    if (is_proof(outcome_)) breaker_.proved();
    auto next_reason = outcome_.reasons.begin();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        auto& each = entries[i];
        auto const fate = outcome_.items[i];
        if (is_in(fate)) {
            count(fate == item_fate::indexed ? indexed_ : already_there_);
            take_in(each.item, fate);
            forget(each);
            finish(each.item);
            continue;
        }
        auto const& reason = *next_reason++;
        each.reason = reason.words;
        // Others went in since it failed the last time: it is this document.
        bool const alone = breaker_.proofs() > each.proofs;
        each.proofs = breaker_.proofs();
        bool const counts = !breaker_.is_open() && (fate == item_fate::failed || fate == item_fate::refused ||
                                                    (fate == item_fate::hold && alone));
        bool const refused = fate == item_fate::refused && !breaker_.is_open() && (alone || reason.names_document);
        if (!give_up(each, counts, refused)) retries_apart_.put_back(std::move(each), steady_clock::now());
    }
}

/// They were sent and the request as a whole was not taken, which says nothing of them; unless there was only one, and
/// others went in meanwhile.
void bulk_sender::settle_again_whole(std::vector<retry_entry>& entries) {
    bool const held = outcome_.request == request_fate::hold && !breaker_.is_open();
    bool const alone = entries.size() == 1 && breaker_.proofs() > entries.front().proofs;
    for (auto& each : entries) {
        each.by_itself = each.by_itself || held;
        each.proofs = breaker_.proofs();
        if (held) each.reason = outcome_.reason;
        if (!give_up(each, held && alone, false)) retries_apart_.put_back(std::move(each), steady_clock::now());
    }
    if (!held || alone) return;
    breaker_.refused_whole(outcome_.reason);
    show_breaker();
}

/// @param counts  the attempt does; with enough of them it is over
/// @param refused  it is over now
/// @return false where it waits on
bool bulk_sender::give_up(retry_entry& entry, bool counts, bool refused) {
    auto const now = steady_clock::now();
    if (counts) ++entry.tries;
    if (!refused && !(counts && retries_apart_.is_over(entry, now))) return false;
    // Without numbers: letters are listed by their reasons.
    refuse(entry.item,
           refused ? entry.reason : entry.reason + "; given up after --document-tries and --document-retry-time");
    forget(entry);
    finish(entry.item);
    return true;
}

/// The breaker closes where the answer shows that the target is ready; the document itself is settled where it is in.
void bulk_sender::settle_probe(candidate const& of, std::optional<retry_entry> entry, bulk_item const& item) {
    bool const answered = outcome_.request == request_fate::answered;
    bool const in = answered && is_in(outcome_.items.front());
    if (in || (answered && is_proof(outcome_) && !breaker_.is_open_for_rejects())) {
        log_info("opensearch_sink: recovered, after {} probes; what was paused goes on", probes_);
        breaker_.close();
        breaker_.proved();
        show_breaker();
    }
    if (!in) {
        if (entry) retries_apart_.put_back(*std::move(entry), steady_clock::now());
        return;
    }
    auto const fate = outcome_.items.front();
    count(fate == item_fate::indexed ? indexed_ : already_there_);
    take_in(item, fate);
    if (entry) {
        forget(*entry);
    } else {
        auto& request = *of.of->unsettled.back();
        auto left = request.items();
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(of.index));
        request.assign(left);
        if (left.empty()) {
            queue_.recycle(std::move(of.of->unsettled.back()));
            of.of->unsettled.pop_back();
        }
    }
    finish(item);
}

void bulk_sender::take_in(bulk_item const& item, item_fate fate) {
    auto& counts = item.of->events.counts;
    ++(fate == item_fate::indexed ? counts.indexed : counts.already_there);
    breaker_.went_in();
}

/// It becomes a dead letter once it is finished.
void bulk_sender::refuse(bulk_item const& item, std::string reason) {
    breaker_.was_rejected(reason);
    if (breaker_.is_open()) show_breaker();
    item.of->events.reject(item.row, "opensearch", std::move(reason));
    count(rejected_);
}

void bulk_sender::finish(bulk_item const& item) {
    if (auto done = queue_.settle(*item.of)) reports_.done(*std::move(done));
}

/// Two halves in its place; a single document has no halves.
void bulk_sender::split(lane& on) {
    auto const& whole = *on.unsettled.back();
    auto const bytes = whole.body().size();
    if (whole.items().size() == 1) {
        auto const item = whole.items().front();
        queue_.recycle(std::move(on.unsettled.back()));
        on.unsettled.pop_back();
        refuse(item, fmt::format("{} ({} bytes; it is too large for the server)", outcome_.reason, bytes));
        finish(item);
        return;
    }
    body_bytes_max_ = std::min(body_bytes_max_.load(), bytes / 2);
    if (auto const lines = log_limit_.admit(); lines != 0)
        log_warn(
            "opensearch_sink: {} for a request of {} bytes: it is split, and from now on they have at most {} ({} such "
            "lines)",
            outcome_.reason, bytes, body_bytes_max_.load(), lines);
    halve(on);
}

void bulk_sender::halve(lane& on) {
    count(retries_);
    auto whole = std::move(on.unsettled.back());
    on.unsettled.pop_back();
    auto const& items = whole->items();
    auto const middle = items.begin() + static_cast<std::ptrdiff_t>(items.size() / 2);
    for (auto const& [begin, end] : {std::pair{middle, items.end()}, std::pair{items.begin(), middle}}) {
        auto half = queue_.spare();
        half->assign({begin, end});
        on.unsettled.push_back(std::move(half));
    }
    queue_.recycle(std::move(whole));
}

/// A request was refused as a whole: the target's fault, unless a document of it went in since and it is refused again.
/// Then something in it is what the server does not take, and it is cut until that is found.
void bulk_sender::hold_whole(lane& on) {
    auto& request = *on.unsettled.back();
    if (!request.was_held()) {
        request.mark_held();
        if (!breaker_.is_open()) breaker_.refused_whole(outcome_.reason);
        show_breaker();
        return;
    }
    if (request.items().size() > 1) return halve(on);
    auto const item = request.items().front();
    if (!retries_apart_.has_room(item)) {
        breaker_.refused_whole(outcome_.reason);
        show_breaker();
        return;
    }
    queue_.recycle(std::move(on.unsettled.back()));
    on.unsettled.pop_back();
    set_apart(item, 1, outcome_.reason);
}

/// What describe() says of it.
void bulk_sender::show_breaker() {
    std::lock_guard lock{mutex_};
    if (paused_ == breaker_.reason()) return;
    if (paused_.empty()) {
        probes_ = 0;
        probe_wait_.reset();
        next_probe_ = steady_clock::now() + probe_wait_.next();
        log_error("opensearch_sink: {}", breaker_.reason());
    }
    paused_ = breaker_.reason();
}

void bulk_sender::forget(retry_entry const& entry) {
    retries_apart_.forget(entry);
    show_retries();
}

void bulk_sender::show_retries() {
    apart_events_.store(retries_apart_.events(), std::memory_order_relaxed);
    apart_bytes_.store(retries_apart_.bytes(), std::memory_order_relaxed);
}

}  // namespace logpipe::opensearch
