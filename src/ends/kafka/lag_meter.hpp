// Measures how far the group lags behind the partitions' ends.
#pragma once

#include "group_member.hpp"

#include <chrono>

namespace logpipe::kafka {

/// On the member's thread.
class lag_meter final {
  public:
    explicit lag_meter(group_member& member) : member_{member} {}

    /// Now and then. Lag is what was written and is not committed, as every Kafka tool shows it; unread is what was not
    /// fetched. @param has_assignment  partitions were assigned once, so that none means none
    void measure(bool has_assignment);
    /// Queries the ends of all assigned partitions, within a bound; one that does not respond keeps the end it had.
    void query_ends();

  private:
    group_member& member_;
    std::chrono::steady_clock::time_point measure_at_;
    std::chrono::steady_clock::time_point query_at_;
};

}  // namespace logpipe::kafka
