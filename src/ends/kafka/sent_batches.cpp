#include "sent_batches.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace logpipe::kafka {

namespace {

batch with_counts(sent_batch&& done) {
    auto events = std::move(done.events);
    events.counts.indexed = events.events.size() - events.rejections.size() - done.rejected.size();
    for (auto& [event, reason] : done.rejected) events.reject(event, "kafka", std::move(reason));
    return events;
}

std::optional<batch> with_counts(std::optional<sent_batch>&& done) {
    if (!done) return std::nullopt;
    return with_counts(*std::move(done));
}

}  // namespace

result<std::uint32_t> sent_batches::begin_sending(batch& events, std::uint32_t messages, std::size_t bytes) {
    sent_batch taken{.events = std::move(events),
                     .number = next_number_,
                     .unacknowledged = messages,
                     .message_bytes = messages == 0 ? 0 : bytes / messages};
    auto const slot = table_.add(taken);
    if (!slot) {
        events = std::move(taken.events);
        return error{errc::cancelled, "kafka: the sink was cancelled"};
    }
    ++next_number_;
    return *slot;
}

bool sent_batches::add_bytes(std::uint32_t slot, std::size_t bytes) {
    if (!table_.add_bytes(bytes)) return false;
    (void)table_.update(slot, [bytes](sent_batch& sent) -> table::change {
        sent.bytes += bytes;
        return {};
    });
    return true;
}

void sent_batches::reject(message_tag tag, std::string reason) {
    (void)table_.update(slot_of(tag), [&](sent_batch& sent) -> table::change {
        sent.rejected.emplace_back(event_of(tag), std::move(reason));
        return {};
    });
}

std::optional<batch> sent_batches::acknowledge(std::uint32_t slot, std::uint32_t messages) {
    return with_counts(table_.update(slot, [messages](sent_batch& sent) -> table::change {
        LOGPIPE_ASSERT(sent.unacknowledged >= messages);
        sent.unacknowledged -= messages;
        auto const bytes = sent.unacknowledged == 0 ? sent.bytes : std::min(sent.bytes, messages * sent.message_bytes);
        sent.bytes -= bytes;
        return {.bytes = bytes, .is_done = !sent.is_sending && sent.unacknowledged == 0};
    }));
}

std::optional<batch> sent_batches::end_sending(std::uint32_t slot) {
    return with_counts(table_.update(slot, [](sent_batch& sent) -> table::change {
        sent.is_sending = false;
        return {.is_done = sent.unacknowledged == 0};
    }));
}

}  // namespace logpipe::kafka
