// The options of Kafka's ends, as a URI and the values of options give them.
#pragma once

#include "kafka/kafka.hpp"

namespace logpipe::kafka {

[[nodiscard]] result<kafka_source_options> source_options_of(end_request const& request);
[[nodiscard]] result<kafka_sink_options> sink_options_of(end_request const& request);

}  // namespace logpipe::kafka
