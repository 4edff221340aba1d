// Notices that the topic was deleted and recreated: then the broker continues with the new one's messages at the old
// one's offset, without an error.
#pragma once

#include "group_member.hpp"
#include "topic_id_request.hpp"

#include <atomic>
#include <chrono>
#include <optional>

namespace logpipe::kafka {

/// On the member's thread, except for is_outdated().
class topic_watch final {
  public:
    explicit topic_watch(group_member& member) : member_{member} {}

    /// Now and then requests the topic's id; never waits.
    void check();
    /// The id is about to change, or the client to be closed.
    void cancel() { request_.reset(); }
    /// The topic is another one than when partitions were assigned; another reader must join the group.
    [[nodiscard]] bool is_outdated() const noexcept { return outdated_; }

  private:
    group_member& member_;
    std::optional<topic_id_request> request_;
    std::chrono::steady_clock::time_point check_at_;
    std::atomic<bool> outdated_{false};
};

}  // namespace logpipe::kafka
