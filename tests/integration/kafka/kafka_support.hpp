// A real broker: topics and groups that no other test has.
#pragma once

#include "core/log.hpp"
#include "kafka/kafka_admin.hpp"
#include "support/catch.hpp"
#include "support/kafka_ends.hpp"

#include <unistd.h>

#include <cstdlib>

namespace logpipe::test {

using namespace kafka;

[[nodiscard]] inline std::string unique_name(std::string_view what) {
    static int count = 0;
    return fmt::format("{}-{}-{}-{}", what, getpid(), std::chrono::system_clock::now().time_since_epoch().count(),
                       ++count);
}

/// One topic of a test's own, with ends to it.
struct own_topic {
    explicit own_topic(std::int32_t partition_count = 1) : partitions{partition_count} {
        set_up_log({.level = log_level::warn});
        auto const* const address = std::getenv("LOGPIPE_KAFKA");
        if (address == nullptr) throw std::runtime_error{"LOGPIPE_KAFKA=HOST:PORT must name a broker for these tests"};
        connection.brokers = address;
        admin = *make_kafka_admin(connection, std::chrono::seconds{30});
    }
    [[nodiscard]] kafka::kafka_sink_options sink_options() const {
        return {.connection = connection, .topic = name, .partitions = partitions};
    }
    [[nodiscard]] kafka::kafka_source_options source_options() const {
        return {.connection = connection, .topic = name, .group = group};
    }
    /// Through a sink of its own, until all is safe.
    void write(std::vector<batch> batches, kafka::kafka_sink_options const& options) const {
        awaited_reports reports;
        auto const to = kafka::make_kafka_sink(options);
        if (auto opened = to->open(reports); !opened) throw std::runtime_error{opened.error().message};
        std::size_t count = 0;
        for (auto& each : batches) {
            count += each.events.size();
            if (auto written = to->write(each); !written) throw std::runtime_error{written.error().message};
        }
        if (!reports.wait_events(count)) throw std::runtime_error{"what was written did not become safe"};
    }
    void write(std::vector<batch> batches) const { write(std::move(batches), sink_options()); }

    kafka::kafka_connection connection;
    std::int32_t partitions;
    std::string name = unique_name("topic");
    std::string group = unique_name("group");
    std::unique_ptr<kafka::kafka_admin> admin;
};

}  // namespace logpipe::test
