// Commits what is safe, with the counts as metadata, now and then and at the end.
#pragma once

#include "group_member.hpp"

#include <chrono>

namespace logpipe::kafka {

/// On the member's thread.
class offset_commits final {
  public:
    explicit offset_commits(group_member& member) : member_{member} {}

    /// Once the client is there.
    void open() { outcomes_.reset(rd_kafka_queue_new(member_.client.get())); }
    /// Takes the outcomes that are there, and starts a commit where one is due; never waits.
    void commit_due();
    /// Commits all that is safe, and waits for the outcome, within a bound.
    void commit_all();
    /// Before the client is closed.
    void close() { outcomes_.reset(); }

  private:
    void start();
    void take_outcome(std::chrono::milliseconds wait);

    group_member& member_;
    queue_handle outcomes_;
    std::chrono::steady_clock::time_point due_;
    unsigned pending_ = 0;
};

}  // namespace logpipe::kafka
