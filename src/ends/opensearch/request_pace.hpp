// How many requests a target has in flight and how large they are, by what it says: more while it takes all, half where
// it is busy (additive increase, multiplicative decrease, as RFC 5681 has it for TCP).
#pragma once

#include "core/environment.hpp"
#include "core/mutex.hpp"
#include "logpipe/descriptor.hpp"

#include <cstddef>
#include <functional>
#include <map>

namespace logpipe::opensearch {

struct request_pace_options {
    std::size_t requests_max = 1;
    std::size_t bytes_max = 0;  ///< of a body
    std::size_t bytes_min = std::size_t{64} << 10U;
};

/// Shared by all sinks of a process with one target. Any thread.
class request_pace final : public shared_resource {
  public:
    explicit request_pace(request_pace_options options);
    void tend() override {}

    /// What a request is counted by from begin() to end().
    struct permit {
        steady_time sent_at{};
        bool was_last = false;  ///< no other could have been sent beside it
    };
    /// Takes one of the requests that may be in flight. @return whether there was one
    [[nodiscard]] bool begin(permit& one, steady_time now);

    enum class response { taken, busy, none };
    /// @param came  none: the connection failed, or the request was wrong, which says nothing of the load
    void end(permit const& one, response came, steady_time now);

    /// `may_begin` is called when begin() may succeed after it did not, by the thread of any sink. It must not call
    /// back.
    void join(void const* who, std::function<void()> may_begin);
    void leave(void const* who);

    [[nodiscard]] std::size_t requests() const;
    [[nodiscard]] std::size_t bytes() const;

  private:
    void took_all(permit const& one, steady_time now) LOGPIPE_REQUIRES(mutex_);
    void was_busy(permit const& one, steady_time now) LOGPIPE_REQUIRES(mutex_);

    request_pace_options const options_;
    mutable mutex mutex_;
    double requests_ LOGPIPE_GUARDED_BY(mutex_);  // at least 1
    double bytes_ LOGPIPE_GUARDED_BY(mutex_);
    std::size_t in_flight_ LOGPIPE_GUARDED_BY(mutex_) = 0;
    bool refused_ LOGPIPE_GUARDED_BY(mutex_) = false;
    steady_time cut_at_ LOGPIPE_GUARDED_BY(mutex_){};
    double fastest_seconds_ LOGPIPE_GUARDED_BY(mutex_) = 0;  // of responses, slowly forgotten; 0: none yet
    std::map<void const*, std::function<void()>> sinks_ LOGPIPE_GUARDED_BY(mutex_);
};

}  // namespace logpipe::opensearch
