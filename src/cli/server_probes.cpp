#include "server_probes.hpp"

#include "core/end_uri.hpp"
#include "kafka/kafka_admin.hpp"
#include "opensearch/opensearch.hpp"
#include "targets.hpp"
#include "web/web.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

template <class T, class Ask>
status::probed<T> timed(std::string address, Ask ask) {
    auto const began = std::chrono::steady_clock::now();
    auto got = ask();
    return {.address = std::move(address), .got = std::move(got), .took = std::chrono::steady_clock::now() - began};
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

result<status::page_findings> page(settings const& options, std::string const& base, std::string_view path) {
    auto got = web::fetch_page({.url = fmt::format("{}{}", base, path),
                                .timeout = options.duration("timeout"),
                                .ca_file = options.text("ca-file"),
                                .insecure_skip_verify = options.on("insecure-skip-verify")});
    if (!got) return got.error();
    return status::page_findings{.status = got->status, .body = std::move(got->body)};
}

/// What a page says that is only good to have.
status::page_findings page_or_nothing(settings const& options, std::string const& base, std::string_view path) {
    auto got = page(options, base, path);
    return got ? *std::move(got) : status::page_findings{};
}

struct hop_name {
    std::string topic;
    std::string group;
    bool wanted = true;  ///< named by the user: it is missed where it is not there
};

result<std::vector<hop_name>> hops_of(settings const& options) {
    std::vector<hop_name> hops;
    for (auto const& each : options.list("hop")) {
        auto const colon = each.rfind(':');
        if (colon == std::string::npos || colon == 0 || colon + 1 == each.size())
            return error{errc::invalid_argument, fmt::format("--hop {}: write it as TOPIC:GROUP", each)};
        hops.push_back({.topic = each.substr(0, colon), .group = each.substr(colon + 1)});
    }
    if (hops.empty()) hops = {{"nginx-logs", "consume", false}, {"nginx-events", "index", false}};
    return hops;
}

result<status::kafka_findings> ask_kafka(settings const& options) {
    auto const hops = hops_of(options);
    if (!hops) return hops.error();
    // The topic of a place is of no matter here: all hops are asked over one connection.
    auto const uri = parse_uri(fmt::format("kafka://{}/-", options.text("brokers")));
    if (!uri) return uri.error();
    auto place = kafka_target_of(options, *uri);
    if (!place) return place.error();
    auto admin = kafka::make_kafka_admin(std::move(place->connection), options.duration("timeout"));
    if (!admin) return admin.error();
    auto cluster = (*admin)->cluster();
    if (!cluster) return cluster.error();
    status::kafka_findings found{.cluster = *std::move(cluster), .hops = {}};
    for (auto const& [topic, group, wanted] : *hops) {
        // The group is asked first: what is committed meanwhile then never lies beyond the end that is asked later.
        auto members = (*admin)->group(group, topic);
        auto partitions = (*admin)->partitions(topic);
        if (!wanted && !partitions && partitions.error().code == errc::not_found) continue;
        found.hops.push_back(
            {.topic = topic, .group = group, .partitions = std::move(partitions), .members = std::move(members)});
    }
    return found;
}

}  // namespace

status::status_report probe_process(std::string const& address, std::chrono::milliseconds timeout,
                                    web::peer_access const& access) {
    return status::report_of_process(
        timed<process_snapshot>(address, [&] { return web::fetch_status(address, timeout, access); }));
}

status::status_report probe_kafka(settings const& options) {
    return status::report_of_kafka(
        timed<status::kafka_findings>(options.text("brokers"), [&] { return ask_kafka(options); }));
}

status::status_report probe_opensearch(settings const& options) {
    auto const url = without_slash(options.text("opensearch"));
    auto const& index = options.text("index");
    auto const ask = [&]() -> result<opensearch::opensearch_summary> {
        bool const tls = url.starts_with("https://");
        if (!tls && !url.starts_with("http://"))
            return error{errc::invalid_argument,
                         fmt::format("{}: write it as http://HOST:PORT or https://HOST:PORT", url)};
        auto const uri =
            parse_uri(fmt::format("opensearch{}://{}/{}", tls ? "s" : "", url.substr(url.find("//") + 2), index));
        if (!uri) return uri.error();
        auto place = opensearch_target_of(options, *uri);
        if (!place) return place.error();
        place->connection.connect_timeout = place->connection.request_timeout = options.duration("timeout");
        return opensearch::make_opensearch_admin(std::move(place->connection))->summary(index);
    };
    return status::report_of_opensearch(timed<opensearch::opensearch_summary>(url, ask), index);
}

status::status_report probe_dashboards(settings const& options) {
    auto const url = without_slash(options.text("dashboards"));
    return status::report_of_dashboards(
        timed<status::page_findings>(url, [&] { return page(options, url, "/api/status"); }));
}

status::status_report probe_grafana(settings const& options) {
    auto const url = without_slash(options.text("grafana"));
    return status::report_of_grafana(
        timed<status::page_findings>(url, [&] { return page(options, url, "/api/health"); }));
}

status::status_report probe_loki(settings const& options) {
    auto const url = without_slash(options.text("loki"));
    auto ready = timed<status::page_findings>(url, [&] { return page(options, url, "/ready"); });
    if (!ready.got) return status::report_of_loki({.address = url, .got = ready.got.error(), .took = ready.took});
    return status::report_of_loki(
        {.address = url,
         .got = status::loki_findings{.ready = *std::move(ready.got),
                                      .build_info = page_or_nothing(options, url, "/loki/api/v1/status/buildinfo"),
                                      .metrics = page_or_nothing(options, url, "/metrics")},
         .took = ready.took});
}

}  // namespace logpipe::cli
