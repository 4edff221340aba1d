// The ends of Kafka in one process, without librdkafka: its real tables of what is sent, read, safe and committed, and
// the rules of the classes that librdkafka is bound to.
#pragma once

#include "broker.hpp"
#include "group_positions.hpp"
#include "kafka/kafka_key.hpp"
#include "logpipe/stage.hpp"

#include <chrono>
#include <memory>

namespace logpipe::sim {

/// What a double does while nobody calls it. The pump owns the end itself, and outlives this no longer than a step.
class kafka_client {
  public:
    virtual ~kafka_client() = default;
    [[nodiscard]] virtual steady_time due() const = 0;
    virtual void step() = 0;
    /// What it holds is more than its bound allows.
    [[nodiscard]] virtual bool is_beyond_bounds() const = 0;
};

/// Sends to the broker; `source` of the forwarder's events. One thread.
class kafka_producer : public sink, public kafka_client {};
/// @param to, by  outlive it
[[nodiscard]] std::unique_ptr<kafka_producer> make_kafka_producer(course& of, broker& to, chance& by);

/// A member of the broker's group.
class kafka_member : public source, public kafka_client {
  public:
    /// It cannot reach its coordinator, and goes on with what it has.
    virtual void cut_off_until(steady_time until) = 0;
};
[[nodiscard]] std::unique_ptr<kafka_member> make_kafka_member(course& of, broker& from, chance& by);

}  // namespace logpipe::sim
