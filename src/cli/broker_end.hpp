// When all that a Kafka topic holds is committed by a group.
#pragma once

#include "kafka/kafka_admin.hpp"
#include "settings.hpp"

#include <memory>
#include <string>

namespace logpipe::cli {

/// One thread.
class broker_end final {
  public:
    /// @param topic  kafka://HOST:PORT/TOPIC
    broker_end(settings const& options, std::string topic, std::string group)
        : options_{options}, uri_{std::move(topic)}, group_{std::move(group)} {}

    /// Asks the cluster: the pumps' own figures of it are old.
    [[nodiscard]] bool is_reached();

  private:
    [[nodiscard]] bool connect();

    settings const& options_;
    std::string const uri_;
    std::string const group_;
    std::string topic_;
    std::unique_ptr<kafka::kafka_admin> admin_;
};

}  // namespace logpipe::cli
