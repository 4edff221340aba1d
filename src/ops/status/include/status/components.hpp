// Every part of the pipeline as an operator sees it: our processes, Kafka, OpenSearch, Dashboards, Loki, Grafana. What
// probes found becomes one value, the report; the table and the JSON of `logpipe status` are made from it and from
// nothing else. All of it is pure; who wires the program does the probing.
#pragma once

#include "kafka/kafka_admin.hpp"
#include "logpipe/status.hpp"
#include "opensearch/opensearch.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace logpipe::status {

enum class component_state {
    up,
    down,    ///< it does not answer, or says itself that it cannot work
    unknown  ///< it answers, but not what was asked (no permission, another program): nobody can tell
};

struct component {
    std::string kind;  ///< "process", "stage", "kafka", "topic", "group", "opensearch", "dashboards", "loki", "grafana"
    std::string name;  ///< "run", "index/sqlite_sink", "nginx-logs", …
    std::string address;  ///< empty: part of the one before
    component_state state = component_state::up;
    std::string reason;  ///< what is wrong; of one that is up, what an operator should know
    std::string hint{};  ///< what an operator can do about it; may be empty
    std::string version;
    double probe_seconds = -1.0;  ///< how long the answer took; negative: it was not asked by itself
    std::string figure;           ///< the number that matters, in words
    std::vector<std::pair<std::string, double>> numbers;  ///< of the figure; docs/operate/monitoring.md names them
    std::string more;                                     ///< a command or address that shows more
};

/// One step of the events' way with its own account.
struct hop {
    std::string name;  ///< "run", "kafka nginx-logs → consume"
    ledger book;
    std::string note;  ///< what of it could not be counted; empty: all was
};

struct status_report {
    std::int64_t time_ns = 0;
    std::vector<component> components;
    std::vector<hop> hops;
    std::vector<process_snapshot> processes;

    void add(status_report&& other);
};

/// Down where anything is, or where a hop's difference is not 0; else unknown where anything is, or where nothing was
/// asked.
[[nodiscard]] component_state state_of(status_report const& report) noexcept;

/// What one probe brought, and how long it took.
template <class T>
struct probed {
    std::string address;
    result<T> got;
    std::chrono::duration<double> took{};
};

/// A topic and a group that reads it.
struct kafka_hop {
    std::string topic;
    std::string group;
    result<std::vector<kafka::kafka_partition>> partitions;
    result<kafka::kafka_group> members;
};
struct kafka_findings {
    kafka::kafka_cluster cluster;
    std::vector<kafka_hop> hops;
};
/// An HTTP answer as it came.
struct page_findings {
    unsigned status = 0;
    std::string body;
};
/// Loki tells its version and its counts on two pages.
struct loki_findings {
    page_findings ready;       ///< /ready
    page_findings build_info;  ///< /loki/api/v1/status/buildinfo
    page_findings metrics;     ///< /metrics
};

[[nodiscard]] status_report report_of_process(probed<process_snapshot> const& from);
[[nodiscard]] status_report report_of_kafka(probed<kafka_findings> const& from);
[[nodiscard]] status_report report_of_opensearch(probed<opensearch::opensearch_summary> const& from,
                                                 std::string const& index);
[[nodiscard]] status_report report_of_dashboards(probed<page_findings> const& from);  ///< /api/status
[[nodiscard]] status_report report_of_loki(probed<loki_findings> const& from);
[[nodiscard]] status_report report_of_grafana(probed<page_findings> const& from);  ///< /api/health

[[nodiscard]] std::string_view name_of(component_state state) noexcept;
enum class table_colour { off, on };
/// One table of all components, the ledger of all hops, then what is wrong and the newest warnings.
[[nodiscard]] std::string to_table(status_report const& report, table_colour colour);
/// `status --json`: documented in docs/operate/monitoring.md.
[[nodiscard]] std::string to_json(status_report const& report);

}  // namespace logpipe::status
