// Takes the messages of all assigned partitions into the intake, and finds out what the offsets between them were.
#pragma once

#include "core/log.hpp"
#include "group_member.hpp"
#include "message_id.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace logpipe::kafka {

/// On the member's thread.
class message_feed final {
  public:
    message_feed(group_member& member, std::string const& cluster_id);

    /// Once the client is there.
    void open();
    /// The partition's messages come here, instead of to the client's own queue; this holds until it is assigned again.
    void forward(std::int32_t partition);
    /// Waits a moment for messages, and takes what is there.
    void fetch();
    /// A message of the client's own queue that is an error.
    void took_error(rd_kafka_message_t const& message);
    /// Before the client is closed.
    void close() { messages_.reset(); }

  private:
    void take(rd_kafka_message_t const& message, intake::filling& filling);
    void took_end(std::int32_t partition, std::int64_t end);
    [[nodiscard]] bool follows(std::int32_t partition, reading& from, std::int64_t offset);
    void restart(std::int32_t partition, reading& from, std::int64_t offset);
    static void pass(reading& from, std::int64_t end, passed_offsets const& what);
    void pass_gap(reading& from, std::int64_t end);
    void query_begin(std::int32_t partition, reading& from);
    void seek_to_gaps();

    group_member& member_;
    message_ids const ids_;
    queue_handle messages_;  // of all partitions; not the client's own, so that can be polled without taking more in
    std::uint64_t round_ = 0;
    std::vector<std::int32_t> seeks_;  // partitions with a gap that is read once more
    log_limit gap_lines_;
};

}  // namespace logpipe::kafka
