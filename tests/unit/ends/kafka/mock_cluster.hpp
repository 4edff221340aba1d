// librdkafka's own mock cluster, for faults that a real broker cannot be made to show at the right moment.
#pragma once

#include "core/log.hpp"
#include "rdkafka_handles.hpp"
#include "support/kafka_ends.hpp"

#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <vector>

namespace logpipe::test {

using namespace kafka;

class mock_cluster final {
  public:
    static constexpr std::int16_t produce = 0;  // request numbers of the protocol
    static constexpr std::int16_t offset_commit = 8;

    explicit mock_cluster(int brokers = 1) {
        set_up_log({.level = log_level::error});
        auto* const conf = rd_kafka_conf_new();
        rd_kafka_conf_set(conf, "log_level", "3", nullptr, 0);
        owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf, nullptr, 0));
        cluster_.reset(rd_kafka_mock_cluster_new(owner_.get(), brokers));
        if (!cluster_) throw std::runtime_error{"no mock cluster"};
        rd_kafka_mock_topic_create(cluster_.get(), "t", 1, brokers);
    }
    [[nodiscard]] kafka::kafka_connection connection() const {
        return {.brokers = rd_kafka_mock_cluster_bootstraps(cluster_.get())};
    }
    [[nodiscard]] kafka::kafka_sink_options sink_options() const { return {.connection = connection(), .topic = "t"}; }
    [[nodiscard]] kafka::kafka_source_options source_options() const {
        return {.connection = connection(), .topic = "t", .group = "g"};
    }
    /// The next requests of this kind fail like this, one after the other.
    void fail_next(std::int16_t request, std::vector<rd_kafka_resp_err_t> const& failures) {
        rd_kafka_mock_push_request_errors_array(cluster_.get(), request, failures.size(), failures.data());
    }
    [[nodiscard]] rd_kafka_mock_cluster_t* get() const noexcept { return cluster_.get(); }

  private:
    client_handle owner_;
    owned<rd_kafka_mock_cluster_t, rd_kafka_mock_cluster_destroy> cluster_;
};

}  // namespace logpipe::test
