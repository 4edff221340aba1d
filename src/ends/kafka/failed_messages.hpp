// Messages that could not be delivered and still can be: when they are sent again.
#pragma once

#include "core/environment.hpp"
#include "core/mutex.hpp"
#include "core/retry_loop.hpp"
#include "sent_batches.hpp"

#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

namespace logpipe::kafka {

/// Any thread adds; one retries.
class failed_messages final {
  public:
    void add(message_tag tag) {
        mutex_lock const lock{mutex_};
        tags_.push_back(tag);
    }
    [[nodiscard]] std::size_t count() const {
        mutex_lock const lock{mutex_};
        return tags_.size();
    }

    // The thread that retries.
    /// @return all of them, after a back-off; until then, none
    [[nodiscard]] std::vector<message_tag> take_due(std::chrono::steady_clock::time_point now) {
        mutex_lock const lock{mutex_};
        if (tags_.empty()) return {};
        if (!is_backing_off_) retrying_.failed(now);
        is_backing_off_ = !retrying_.is_due(now);
        return is_backing_off_ ? std::vector<message_tag>{} : std::exchange(tags_, {});
    }
    /// A message was delivered: the next back-off is short again, but not that of messages which wait already.
    void one_delivered() noexcept {
        if (!is_backing_off_) retrying_.worked();
    }

  private:
    retry_loop retrying_{{.first = std::chrono::milliseconds{100}, .longest = std::chrono::milliseconds{5'000}},
                         random_number};
    bool is_backing_off_ = false;
    mutable mutex mutex_;
    std::vector<message_tag> tags_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace logpipe::kafka
