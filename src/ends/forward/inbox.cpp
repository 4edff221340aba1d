#include "inbox.hpp"

#include <utility>

namespace logpipe::forward {

namespace {

/// Tags are looked for one by one, so a batch has few of them.
constexpr std::size_t tags_max = 256;
/// A buffer that one huge chunk has grown is not kept.
constexpr std::size_t spare_bytes_max = 8 * batch::bytes_target;
constexpr std::size_t spare_count_max = 4;

}  // namespace

inbox::inbox(event_decoder_options decoder, std::size_t bytes_max) : bytes_max_{bytes_max}, decoder_{decoder} {}

std::size_t inbox::bytes_of(batch const& events) noexcept {
    return events.records.size() + events.events.size() * sizeof(event);
}

std::uint64_t inbox::put(forward_message const& message) {
    mutex_lock const lock{mutex_};
    auto const first = filling_.events.size();
    decoder_.append(message, filling_);
    for (auto i = first; i < filling_.events.size(); ++i) filling_.events[i].offset = offset_++;
    filling_.end_offset = offset_;
    if (filling_.full() || filling_.tags.size() >= tags_max) close_batch();
    changed_.notify_one();
    return offset_;
}

void inbox::close_batch() {
    bytes_ += bytes_of(filling_);
    filled_.push_back(std::move(filling_));
    filling_ = {};
    if (spare_.empty()) return;
    filling_ = std::move(spare_.back());
    spare_.pop_back();
}

bool inbox::full() {
    mutex_lock const lock{mutex_};
    was_full_ = over_bound();
    return was_full_;
}

void inbox::close() {
    mutex_lock const lock{mutex_};
    closed_ = true;
    changed_.notify_one();
}

void inbox::wake() {
    mutex_lock const lock{mutex_};
    woken_ = true;
    changed_.notify_one();
}

inbox::taken inbox::take(batch& into, steady_time until, bool& made_room) {
    mutex_lock lock{mutex_};
    auto const has_events = [this]() LOGPIPE_REQUIRES(mutex_) { return !filled_.empty() || !filling_.empty(); };
    changed_.wait_until(lock, until, [&]() LOGPIPE_REQUIRES(mutex_) { return has_events() || closed_ || woken_; });
    woken_ = false;
    if (!has_events()) return closed_ ? taken::closed_and_empty : taken::nothing;
    if (filled_.empty()) {
        std::swap(into, filling_);
        filling_.clear();
    } else {
        bytes_ -= bytes_of(filled_.front());
        std::swap(into, filled_.front());
        auto& emptied = filled_.front();
        if (spare_.size() < spare_count_max && emptied.bytes() <= spare_bytes_max) {
            emptied.clear();
            spare_.push_back(std::move(emptied));
        }
        filled_.pop_front();
    }
    made_room = was_full_ && !over_bound();
    if (made_room) was_full_ = false;
    return taken::events;
}

event_decoder_counts inbox::counts() const {
    mutex_lock const lock{mutex_};
    return decoder_.counts();
}

std::size_t inbox::bytes() const {
    mutex_lock const lock{mutex_};
    return bytes_ + bytes_of(filling_);
}

}  // namespace logpipe::forward
