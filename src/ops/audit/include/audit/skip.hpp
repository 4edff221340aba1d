// Passing a group over events that its reader cannot get past: each becomes a dead letter first. One thread.
#pragma once

#include "kafka/kafka_admin.hpp"
#include "logpipe/stage.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace logpipe::audit {

/// A group's position in one partition of a topic. A journal has one partition, 0.
class group_position {
  public:
    virtual ~group_position() = default;
    struct offsets {
        std::uint64_t position = 0;  ///< the first offset that the group has not passed
        std::uint64_t end = 0;       ///< of the partition
    };
    /// @return errc::not_found for a topic, partition or group that is not there
    [[nodiscard]] virtual result<offsets> snapshot(std::int32_t partition) = 0;
    /// Gives the events of these offsets as letters, without stage, reason and time; what holds no event is passed
    /// over.
    [[nodiscard]] virtual result<> scan(std::int32_t partition, std::uint64_t begin, std::uint64_t end,
                                        std::function<result<>(dead_letter&&)> const& each) = 0;
    /// @param events  how many of those before `to` have become letters
    /// @return errc::busy while anybody reads for the group
    [[nodiscard]] virtual result<> move(std::int32_t partition, std::uint64_t from, std::uint64_t to,
                                        std::uint64_t events) = 0;
};
/// `cluster` outlives it.
[[nodiscard]] std::unique_ptr<group_position> make_kafka_group(kafka::kafka_admin& cluster, std::string topic,
                                                               std::string group);
/// @param store  the sink that the group's events go to, where that keeps positions itself and they decide; else none
[[nodiscard]] std::unique_ptr<group_position> make_journal_group(std::string folder, std::string group,
                                                                 std::unique_ptr<sink> store = nullptr);

struct skip_plan {
    std::int32_t partition = 0;
    std::uint64_t from = 0;    ///< the group's position
    std::uint64_t to = 0;      ///< its position afterwards
    std::uint64_t events = 0;  ///< that become letters
};
/// @param offset  the last one that is passed over
/// @return errc::invalid_argument where the group is past it already, or the topic does not reach it
[[nodiscard]] result<skip_plan> plan_skip(group_position& endpoint, std::int32_t partition, std::uint64_t offset);
/// Makes the letters durable, then moves the group; a second run after a crash makes the same letters.
[[nodiscard]] result<> skip(group_position& endpoint, skip_plan const& plan, dead_letters& letters);

}  // namespace logpipe::audit
