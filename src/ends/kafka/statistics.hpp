// What we take from librdkafka's statistics (its STATISTICS.md).
#pragma once

#include <optional>
#include <string_view>

namespace logpipe::kafka {

struct client_statistics {
    bool any_broker_up = false;
    /// The largest of the brokers' mean round trips; none where no broker has responded in the interval.
    std::optional<double> slowest_round_trip_seconds;
};
[[nodiscard]] client_statistics read_statistics(std::string_view json);

}  // namespace logpipe::kafka
