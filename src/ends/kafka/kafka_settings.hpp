// Our settings, then the user's over them, as librdkafka's configuration.
#pragma once

#include "client_events.hpp"
#include "kafka/kafka.hpp"
#include "rdkafka_handles.hpp"

#include <span>
#include <string>
#include <utility>

namespace logpipe::kafka {

using kafka_property = std::pair<std::string, std::string>;

/// @param events  gets what librdkafka reports; outlives the client
/// @return errc::invalid_argument, with librdkafka's words, for an unknown property, a bad value, or one that would
/// break what logpipe promises.
[[nodiscard]] result<client_handle> make_client(client_kind kind, kafka_connection const& connection,
                                                std::span<kafka_property const> ours, client_events& events);

}  // namespace logpipe::kafka
