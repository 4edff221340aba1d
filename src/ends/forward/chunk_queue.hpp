// What the forward sink has taken and the peer has not acked: between the pump's thread, which adds, and the network
// thread, which sends.
#pragma once

#include "chunk_encoder.hpp"

#include "logpipe/stage.hpp"

#include "core/mutex.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::forward {

struct chunk_queue_counts {
    std::size_t unacked = 0;  ///< chunks taken and not acked, sent or not
    std::uint64_t acked = 0;
    std::uint64_t retried = 0;
    std::uint64_t bytes_sent = 0;
};

/// Any thread.
class chunk_queue final {
  public:
    chunk_queue(std::size_t in_flight_max, chunk_encoding how) : in_flight_max_{in_flight_max}, how_{std::move(how)} {}

    /// Waits until there are fewer than `in_flight_max` chunks, then takes the batch (moved from). One batch may bring
    /// more chunks than that; they are sent as acks make room.
    /// @return the batch where nothing of it is to be sent: it is finished already. errc::cancelled: untouched.
    [[nodiscard]] result<std::optional<batch>> add(batch& events);
    /// The next message to send, while fewer than `in_flight_max` are on their way.
    [[nodiscard]] std::shared_ptr<std::string const> next_to_send();
    /// The peer has a chunk. @return the batch that is finished by it; an unknown id is ignored.
    [[nodiscard]] std::optional<batch> acked(std::string_view chunk_id);
    /// The connection is lost: all that was not acked is to be retried.
    void retry_all();
    /// When the oldest chunk on its way was sent.
    [[nodiscard]] std::optional<steady_time> oldest_sent() const;
    void cancel();
    [[nodiscard]] chunk_queue_counts counts() const;

  private:
    struct pending_batch {
        batch events;
        std::size_t chunks_left = 0;
    };
    struct chunk {
        std::string id;
        std::shared_ptr<std::string const> message;  // shared: the connection may still be writing it when it is acked
        std::shared_ptr<pending_batch> of;           // shared by the chunks of one batch; the last one acked takes it
        std::optional<steady_time> sent_at;
        bool was_sent = false;  // on an earlier connection
    };
    [[nodiscard]] std::deque<chunk> encode(batch const& events) const;

    std::size_t const in_flight_max_;
    chunk_encoding const how_;
    mutable mutex mutex_;
    condition room_;
    std::deque<chunk> chunks_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t in_flight_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    chunk_queue_counts counts_ LOGPIPE_GUARDED_BY(mutex_);
    bool cancelled_ LOGPIPE_GUARDED_BY(mutex_) = false;
};

}  // namespace logpipe::forward
