// A member of a consumer group. Its thread polls, takes partitions over, gives them up and commits; it waits for
// nothing but the group's coordinator, and for that within bounds, so the group never takes it for dead.
#pragma once

#include "client_events.hpp"
#include "group_positions.hpp"
#include "intake.hpp"
#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"
#include "message_id.hpp"
#include "topic_facts.hpp"
#include "topic_id.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace logpipe::kafka {

/// The gauges from any thread; all else on the thread `kafka-poll`, which lives from start() to the end. That one
/// commits what is safe and leaves the group.
class group_reader final : private client_events {
  public:
    /// Ends the thread, and all else; but where librdkafka can't free the client, that and the reader it calls stay
    /// until the process ends.
    struct retire {
        void operator()(group_reader* reader) const noexcept;
    };
    using owner = std::unique_ptr<group_reader, retire>;

    /// @param start  where partitions without a position begin, as ListOffsets takes it
    group_reader(kafka_source_options const& options, topic_facts const& facts, std::int64_t start, intake& into,
                 group_positions& positions);

    [[nodiscard]] result<> start();

    [[nodiscard]] std::optional<error> trouble() const { return client_events::trouble(); }
    [[nodiscard]] bool fatal() const noexcept { return client_events::fatal(); }
    /// Its topic is not there any more, but one of the same name; a new reader is needed.
    [[nodiscard]] bool outdated() const noexcept { return outdated_; }
    [[nodiscard]] double round_trip_seconds() const noexcept { return client_events::round_trip_seconds(); }
    struct figures {
        std::atomic<std::uint64_t> assigned{0};
        std::atomic<std::int64_t> lag{0};
        std::atomic<std::int64_t> unread{-1};  // offsets after the last message taken; negative: not known yet
        std::atomic<std::uint64_t> tombstones{0};
        std::atomic<std::uint64_t> missing_offsets{0};
        std::atomic<std::uint64_t> expired_offsets{0};
        std::atomic<std::uint64_t> rebalances{0};
        std::atomic<std::uint64_t> commits_failed{0};
        std::atomic<std::uint64_t> beyond_end{0};       // committed offsets
        std::atomic<std::uint64_t> of_other_topics{0};  // likewise, of a topic that was deleted
    };
    [[nodiscard]] figures const& counts() const noexcept { return figures_; }

  private:
    ~group_reader() override = default;

    struct reading {
        std::uint32_t number = 0;
        std::int64_t next = 0;                            // offset of the next message
        std::int64_t taken = 0;                           // behind the last event
        std::int64_t end = 0;                             // the newest that is known
        std::int32_t epoch = -1;                          // of the leader that wrote the last message
        std::int64_t sought = -1;                         // `next` when a gap was last looked at again
        std::uint64_t sought_in = 0;                      // the round of that
        std::uint32_t gaps = 0;                           // that stayed
        passed_offsets passed;                            // since the assignment
        std::vector<group_positions::passed_mark> marks;  // since the last round
        std::int64_t begin = 0;                           // the oldest offset that was there…
        std::chrono::steady_clock::time_point begin_at;   // …when the broker was asked
        bool touched = false;
        bool leaving = false;  // another member waits for it
        std::string origin;
    };
    using readings = std::map<std::int32_t, reading>;

    void run();
    void fetch();
    void take(rd_kafka_message_t const& message, intake::filling& filling);
    void took_end(std::int32_t partition, std::int64_t end);
    [[nodiscard]] bool follows(std::int32_t partition, reading& from, std::int64_t offset);
    void pass(reading& from, std::int64_t end, passed_offsets const& what);
    void pass_gap(reading& from, std::int64_t end);
    void ask_begin(std::int32_t partition, reading& from);
    void took_error(rd_kafka_message_t const& message);
    void look_again();
    [[nodiscard]] bool at_end() const;
    void leave_group();
    [[nodiscard]] bool is_member() const;

    // Partitions come and go: group_reader_assignment.cpp.
    void rebalanced(rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions) noexcept override;
    void take_over(rd_kafka_topic_partition_list_t const& partitions);
    [[nodiscard]] bool find_positions(rd_kafka_topic_partition_list_t* list);
    [[nodiscard]] result<> find_committed(rd_kafka_topic_partition_list_t* list);
    void drop_of_other_topics(rd_kafka_topic_partition_list_t* list);
    [[nodiscard]] result<> drop_beyond_end(rd_kafka_topic_partition_list_t* list);
    void watch_topic();
    void begin_anew(rd_kafka_topic_partition_t& partition);
    [[nodiscard]] bool find_starts(rd_kafka_topic_partition_list_t* list);
    [[nodiscard]] result<> find_late_partitions();
    void begin_leaving(rd_kafka_topic_partition_list_t const& partitions);
    void leave_when_settled();
    void leave(rd_kafka_topic_partition_list_t const& partitions);
    [[nodiscard]] bool has_protocol(std::string_view name) const;
    void commit_some();
    void commit_all();
    void start_commit();
    void hear_commits(std::chrono::milliseconds time);
    void measure();
    void ask_ends();

    kafka_source_options const options_;
    std::int64_t const start_;
    std::map<std::int32_t, std::int64_t> ends_;  // of when it was opened, where it stops there
    std::set<std::int32_t>
        first_;  // partitions that start at `start_`; those that were added later, at their beginning
    message_ids const ids_;
    intake& intake_;
    group_positions& positions_;
    client_handle client_;
    queue_handle messages_;  // of all partitions; not the client's own, so we can poll that one without taking more in
    queue_handle commits_;   // their outcomes

    std::string topic_id_;  // when partitions were taken over; empty: not known
    std::optional<topic_id_question> topic_question_;
    std::chrono::steady_clock::time_point watch_at_;
    std::atomic<bool> outdated_{false};
    readings readings_;
    std::uint64_t round_ = 0;
    std::vector<std::int32_t> seeks_;
    partition_list leaving_;
    std::chrono::steady_clock::time_point leave_by_;
    bool assigned_once_ = false;
    bool closing_ = false;
    bool freeable_ = true;  // the client
    std::chrono::steady_clock::time_point commit_at_;
    std::chrono::steady_clock::time_point measure_at_;
    std::chrono::steady_clock::time_point ask_ends_at_;
    unsigned commits_unheard_ = 0;
    log_limit error_lines_;
    log_limit gap_lines_;

    figures figures_;
    std::atomic<bool> stopping_{false};
    std::jthread poll_;
};

}  // namespace logpipe::kafka
