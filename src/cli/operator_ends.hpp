// The topics and stores that `dlq`, `verify`, `trace`, `replay` and `setup` look into, made from URIs.
#pragma once

#include "audit/audit.hpp"
#include "audit/letters.hpp"
#include "core/end_uri.hpp"
#include "kafka/kafka_admin.hpp"
#include "opensearch/opensearch.hpp"
#include "settings.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace logpipe::cli {

/// Owns the connections, one a cluster; outlives what is made with it. One thread.
class operator_ends final {
  public:
    explicit operator_ends(settings const& options) : options_{options} {}

    struct kafka_topic {
        kafka::kafka_admin& cluster;
        std::string topic;
    };
    [[nodiscard]] result<kafka_topic> kafka(end_uri const& uri);
    /// The same cluster, that shows messages of aborted and open transactions as well.
    [[nodiscard]] result<kafka::kafka_admin*> kafka_uncommitted(end_uri const& uri);
    struct opensearch_index {
        opensearch::opensearch_admin& cluster;
        std::string index;
    };
    [[nodiscard]] result<opensearch_index> opensearch(end_uri const& uri);

    /// kafka: and journal:
    [[nodiscard]] result<std::unique_ptr<audit::letter_topic>> letters(std::string const& uri);
    [[nodiscard]] result<audit::letter_input> input(std::string const& uri);
    /// Adds the input, then its dead letters where there are any.
    [[nodiscard]] result<> add_input(std::string const& uri, std::vector<std::unique_ptr<audit::audited_endpoint>>& to);
    [[nodiscard]] result<std::unique_ptr<audit::audited_endpoint>> store(std::string const& uri);
    /// What --from, --dead-letters and --to name, in the order of the data. A wrong URI fails before any server is
    /// asked.
    [[nodiscard]] result<std::vector<std::unique_ptr<audit::audited_endpoint>>> audited();

    [[nodiscard]] settings const& options() const noexcept { return options_; }

  private:
    using kafka_admins = std::map<std::string, std::unique_ptr<kafka::kafka_admin>>;  // by brokers
    [[nodiscard]] result<kafka::kafka_admin*> kafka_in(kafka_admins& all,
                                                       kafka::kafka_connection const& connection) const;

    settings const& options_;
    kafka_admins kafkas_;
    kafka_admins uncommitted_kafkas_;
    std::map<std::string, std::unique_ptr<opensearch::opensearch_admin>> opensearches_;  // by scheme and address
};

/// The topic that dead letters of `uri` come from: without `.dlq`, and of a journal also without the hop's name before
/// it. Empty without `.dlq`, and where no such journal is there.
[[nodiscard]] std::string input_of_letters(std::string const& uri);

}  // namespace logpipe::cli
