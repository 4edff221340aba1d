// What librdkafka reports of a client: log lines, errors, statistics, delivery reports, rebalances. One object a
// client; it outlives the client's handle.
#pragma once

#include "core/log.hpp"
#include "core/stage_health.hpp"
#include "rdkafka_handles.hpp"

#include <atomic>
#include <optional>
#include <string>

namespace logpipe::kafka {

/// librdkafka warns of a producer's callback at a consumer, so each gets only its own.
enum class client_kind { producer, consumer, admin };

/// The virtual functions and the errors come from the thread that polls the client, log lines from any.
class client_events {
  public:
    /// @param stage  begins the log lines: "kafka_sink"
    explicit client_events(std::string stage) : stage_{std::move(stage)} {}
    virtual ~client_events() = default;
    client_events(client_events const&) = delete;
    client_events& operator=(client_events const&) = delete;

    virtual void delivered(rd_kafka_message_t const& /*message*/) noexcept {}
    virtual void rebalanced(rd_kafka_resp_err_t /*what*/, rd_kafka_topic_partition_list_t* /*partitions*/) noexcept {}

    /// Makes `conf` call this object.
    void attach(rd_kafka_conf_t* conf, client_kind kind);

    // How the client is. Any thread.
    void note_failure(error reason);
    /// The cluster has responded as it should.
    void recovered();
    [[nodiscard]] std::optional<error> trouble() const { return health_.trouble(); }
    void describe(stage_status& into) const { health_.describe(into); }
    /// The client does not recover by itself; it must be recreated.
    [[nodiscard]] bool fatal() const noexcept { return fatal_; }
    void recreated() noexcept { fatal_ = false; }
    /// The slowest broker's mean, of the last interval of the statistics.
    [[nodiscard]] double round_trip_seconds() const noexcept { return round_trip_seconds_; }
    [[nodiscard]] std::string const& stage() const noexcept { return stage_; }

  private:
    static void log_line(rd_kafka_t const* client, int level, char const* facility, char const* text);
    static void on_error(rd_kafka_t* client, int code, char const* text, void* self);
    static int on_statistics(rd_kafka_t* client, char* json, std::size_t json_bytes, void* self);

    std::string const stage_;
    client_kind kind_ = client_kind::admin;
    log_limit lines_;
    stage_health health_;
    std::atomic<bool> is_down_{false};          // so that recovered() costs nothing while all is well
    std::atomic<bool> only_connection_{false};  // it has recovered when a broker is connected
    std::atomic<bool> fatal_{false};
    std::atomic<double> round_trip_seconds_{0.0};
};

}  // namespace logpipe::kafka
