#include "statistics.hpp"

#include <simdjson.h>

#include <algorithm>

namespace logpipe::kafka {

client_statistics read_statistics(std::string_view json) {
    client_statistics out;
    simdjson::dom::parser parser;
    simdjson::dom::object brokers;
    if (parser.parse(json.data(), json.size())["brokers"].get(brokers) != simdjson::SUCCESS) return out;
    for (auto const broker : brokers) {
        std::string_view state;
        std::int64_t count = 0;
        std::int64_t mean_us = 0;
        if (broker.value["state"].get(state) == simdjson::SUCCESS && state == "UP") out.any_broker_up = true;
        auto const window = broker.value["rtt"];
        if (window["cnt"].get(count) != simdjson::SUCCESS || count == 0) continue;
        if (window["avg"].get(mean_us) != simdjson::SUCCESS) continue;
        out.slowest_round_trip_seconds =
            std::max(out.slowest_round_trip_seconds.value_or(0.0), static_cast<double>(mean_us) / 1e6);
    }
    return out;
}

}  // namespace logpipe::kafka
