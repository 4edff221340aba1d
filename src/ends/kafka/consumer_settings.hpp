// What librdkafka's consumer is given, before the user's own properties.
#pragma once

#include "kafka/kafka.hpp"
#include "kafka_settings.hpp"

#include <vector>

namespace logpipe::kafka {

[[nodiscard]] std::vector<kafka_property> consumer_settings(kafka_source_options const& options);

}  // namespace logpipe::kafka
