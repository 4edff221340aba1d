// How librdkafka is set up to write a topic: nothing is lost or doubled, and requests are well filled.
#pragma once

#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace logpipe::kafka {

/// What one request carries of a partition, at most.
inline constexpr std::size_t request_bytes_max = std::size_t{1} << 20U;

/// @param batch_bytes_max  what the topic takes at once; 0: not known
[[nodiscard]] std::vector<kafka_property> producer_settings(kafka_sink_options const& options,
                                                            std::int64_t batch_bytes_max);

}  // namespace logpipe::kafka
