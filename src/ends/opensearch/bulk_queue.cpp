#include "bulk_queue.hpp"

#include "core/assert.hpp"
#include "core/clock.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace logpipe::opensearch {

namespace {

/// A request that held one huge document gives its memory back.
constexpr std::size_t kept_bytes_max = std::size_t{16} << 20U;
constexpr std::size_t spare_max = 8;

}  // namespace

result<std::optional<batch>> bulk_queue::add(batch& events, bulk_limits const& limits, bool compress) {
    mutex_lock lock{mutex_};
    space_.wait(lock, [&]() LOGPIPE_REQUIRES(mutex_) { return cancelled_ || ready_.size() < ready_max_; });
    if (cancelled_) return error{errc::cancelled, "cancelled"};
    auto& pending = pending_.emplace_back();
    pending.self = std::prev(pending_.end());
    pending.events = std::move(events);
    events = {};
    auto filling = open_ ? std::move(open_) : spare_locked();
    lock.unlock();

    // Nobody else has a request of this batch before all of them are made.
    std::deque<bulk_request_ptr> full;
    auto& rows = pending.events.events;
    auto const now = now_ns();
    for (std::uint32_t i = 0; i < rows.size(); ++i) {
        if (rows[i].rejected) continue;
        auto const payload = pending.events.payload(rows[i]);
        bool const newline = has_newline(payload);
        if (auto const reason = unusable_reason(payload, newline)) {
            pending.events.reject(i, "opensearch", std::string{*reason});
            continue;
        }
        bulk_item item{.of = &pending, .row = i, .has_newline = newline};
        if (indices_) {
            item.index = indices_->of(rows[i], pending.events.tags[rows[i].tag], payload, now);
            if (item.index == nullptr) {
                ++pending.events.counts.dropped;
                ++expired_events_;
                continue;
            }
        }
        if (!filling->fits(item, limits)) {
            if (compress) static_cast<void>(filling->wire_bytes(compress));  // here rather than on the network's thread
            full.push_back(std::move(filling));
            filling = spare();
        }
        filling->add(item);
        ++pending.items;
    }

    lock.lock();
    std::ranges::move(full, std::back_inserter(ready_));
    if (filling->empty())
        spare_.push_back(std::move(filling));
    else
        open_ = std::move(filling);
    if (!full.empty()) flush_ = false;  // what was asked for is being sent; this one may fill up
    pending.items_left = pending.items;
    waiting_events_ += pending.items;
    if (pending.items_left == 0) return release_locked(pending);
    return std::optional<batch>{};
}

void bulk_queue::flush() {
    mutex_lock lock{mutex_};
    flush_ = open_ != nullptr;
}

bulk_request_ptr bulk_queue::take() {
    mutex_lock lock{mutex_};
    if (ready_.empty()) {
        if (!open_ || !flush_) return nullptr;  // add() may be at it: the flush is still due then
        flush_ = false;
        return std::move(open_);
    }
    auto next = std::move(ready_.front());
    ready_.pop_front();
    space_.notify_one();
    return next;
}

bulk_request_ptr bulk_queue::spare() {
    mutex_lock lock{mutex_};
    return spare_locked();
}

bulk_request_ptr bulk_queue::spare_locked() {
    if (spare_.empty()) return std::make_unique<bulk_request>();
    auto request = std::move(spare_.back());
    spare_.pop_back();
    return request;
}

void bulk_queue::recycle(bulk_request_ptr request) {
    LOGPIPE_ASSERT(request);
    if (request->room_bytes() > kept_bytes_max) return;
    request->clear();
    mutex_lock lock{mutex_};
    if (spare_.size() < spare_max) spare_.push_back(std::move(request));
}

std::pair<bulk_item, std::optional<batch>> bulk_queue::separate(bulk_item const& item, bool as_part) {
    auto& from = *item.of;
    if (!as_part || from.events.events.size() == 1) return {item, std::nullopt};
    auto alone = from.events.copy_of(item.row);
    mutex_lock lock{mutex_};
    auto& pending = pending_.emplace_back();
    pending.self = std::prev(pending_.end());
    pending.events = std::move(alone);
    pending.items = pending.items_left = 1;
    from.gone.push_back(item.row);
    --from.items;
    --from.events.counts.in;
    bulk_item const part{.of = &pending, .row = 0, .has_newline = item.has_newline, .index = item.index};
    if (--from.items_left > 0) return {part, std::nullopt};
    return {part, release_locked(from)};
}

std::optional<batch> bulk_queue::complete(pending_batch& of) {
    LOGPIPE_ASSERT(of.items_left > 0);
    if (--of.items_left > 0) return std::nullopt;
    mutex_lock lock{mutex_};
    return release_locked(of);
}

std::optional<batch> bulk_queue::release_locked(pending_batch& of) {
    auto done = std::move(of.events);
    if (!of.gone.empty()) {
        std::ranges::sort(of.gone);
        done.drop(of.gone);
    }
    waiting_events_ -= of.items;
    pending_.erase(of.self);
    return done;
}

void bulk_queue::cancel() {
    mutex_lock lock{mutex_};
    cancelled_ = true;
    space_.notify_all();
}

bool bulk_queue::cancelled() const {
    mutex_lock lock{mutex_};
    return cancelled_;
}

std::uint64_t bulk_queue::waiting_events() const {
    mutex_lock lock{mutex_};
    return waiting_events_;
}

}  // namespace logpipe::opensearch
