// A member of a consumer group. Its thread polls, takes the partitions that it is assigned, returns them and commits;
// it waits for nothing but the group's coordinator, and for that within bounds, so the group never takes it for dead.
#pragma once

#include "group_member.hpp"
#include "lag_meter.hpp"
#include "message_feed.hpp"
#include "offset_commits.hpp"
#include "partition_assignment.hpp"
#include "start_offsets.hpp"
#include "topic_watch.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <thread>

namespace logpipe::kafka {

/// The figures from any thread; all else on the thread `kafka-poll`, which lives from start() to the end. That one
/// commits what is safe and leaves the group.
class group_reader final : private client_events {
  public:
    /// Ends the thread, and all else; but where librdkafka can't free the client, that and the reader it calls stay
    /// until the process ends.
    struct retire {
        void operator()(group_reader* reader) const noexcept;
    };
    using owner = std::unique_ptr<group_reader, retire>;

    /// @param start  where partitions without an offset start, as ListOffsets takes it
    group_reader(kafka_source_options const& options, topic_facts const& facts, std::int64_t start, intake& into,
                 group_positions& positions);

    [[nodiscard]] result<> start();

    [[nodiscard]] std::optional<error> trouble() const { return client_events::trouble(); }
    void describe(stage_status& into) const { client_events::describe(into); }
    [[nodiscard]] bool fatal() const noexcept { return client_events::fatal(); }
    /// Its topic was replaced by one of the same name; a new reader is needed.
    [[nodiscard]] bool outdated() const noexcept { return watch_.is_outdated(); }
    [[nodiscard]] double round_trip_seconds() const noexcept { return client_events::round_trip_seconds(); }
    [[nodiscard]] member_figures const& figures() const noexcept { return member_.figures; }

  private:
    ~group_reader() override = default;

    void run();
    void rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) noexcept override;
    [[nodiscard]] bool at_end() const;
    void leave_group();
    [[nodiscard]] bool is_member() const;

    std::map<std::int32_t, std::int64_t> ends_;  // when it was opened, where it stops there
    bool const starts_at_end_;
    bool freeable_ = true;  // the client
    group_member member_;
    start_offsets starts_;
    message_feed feed_;
    offset_commits commits_;
    lag_meter lag_;
    topic_watch watch_;
    partition_assignment assignment_;
    std::jthread poll_;
};

}  // namespace logpipe::kafka
