// What the answers of OpenSearch, Dashboards, Loki and Grafana mean.
#include "status/components.hpp"
#include "words.hpp"

#include <fmt/format.h>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <charconv>
#include <optional>

namespace logpipe::status {

namespace {

namespace json = boost::json;

template <class T>
component row_of(std::string kind, probed<T> const& from) {
    component row{.kind = kind, .name = std::move(kind), .address = from.address};
    row.probe_seconds = from.took.count();
    row.more = from.address;
    if (from.got) return row;
    auto const& reason = from.got.error();
    row.state = reason.code == errc::unauthorized || reason.code == errc::protocol ? component_state::unknown
                                                                                   : component_state::down;
    row.reason = reason.message;
    return row;
}

status_report only(component&& row) {
    status_report report;
    report.components.push_back(std::move(row));
    return report;
}

/// @return the text at a path of keys, none where it is not there.
std::optional<std::string> text_at(std::string_view body, std::initializer_list<std::string_view> path) {
    boost::system::error_code failed;
    auto const parsed = json::parse(body, failed, {}, {.max_depth = 32});
    if (failed) return std::nullopt;
    auto const* at = &parsed;
    for (auto const key : path) {
        auto const* object = at->if_object();
        at = object == nullptr ? nullptr : object->if_contains(key);
        if (at == nullptr) return std::nullopt;
    }
    auto const* text = at->if_string();
    return text == nullptr ? std::nullopt : std::optional<std::string>{*text};
}

/// Marks what an HTTP status alone says. @return false when there is nothing more to learn.
bool accept_status(component& row, page_findings const& page, std::string_view path) {
    if (page.status == 200) return true;
    bool const rejected = page.status == 401 || page.status == 403;
    row.state = rejected || page.status < 500 ? component_state::unknown : component_state::down;
    row.reason = rejected ? fmt::format("{} requires a login (HTTP {})", path, page.status)
                          : fmt::format("{} responded with HTTP {}", path, page.status);
    return false;
}

void mark_foreign(component& row, std::string_view path) {
    row.state = component_state::unknown;
    row.reason = fmt::format("{} responds, but not as {} does: another program may be listening there", path, row.kind);
}

/// The sum of all samples of a Prometheus counter.
std::optional<double> sum_of(std::string_view metrics, std::string_view name) {
    std::optional<double> sum;
    for (std::size_t begin = 0; begin < metrics.size();) {
        auto const end = std::min(metrics.find('\n', begin), metrics.size());
        auto const line = metrics.substr(begin, end - begin);
        begin = end + 1;
        if (!line.starts_with(name) || line.size() == name.size()) continue;
        if (line[name.size()] != '{' && line[name.size()] != ' ') continue;
        auto const value = line.substr(line.rfind(' ') + 1);
        double read = 0.0;
        if (std::from_chars(value.data(), value.data() + value.size(), read).ec == std::errc{})
            sum = sum.value_or(0.0) + read;
    }
    return sum;
}

}  // namespace

status_report report_of_opensearch(probed<opensearch::opensearch_summary> const& from, std::string const& index) {
    auto row = row_of("opensearch", from);
    row.more = fmt::format("{}/_cat/indices?v", from.address);
    if (!from.got) return only(std::move(row));
    auto const& found = *from.got;
    row.version = found.version;
    row.figure = fmt::format("{}, {} in {}", found.status, counted(found.documents, "document"), index);
    row.numbers = {{"nodes", static_cast<double>(found.nodes)},
                   {"documents", static_cast<double>(found.documents)},
                   {"index_bytes", static_cast<double>(found.index_bytes)},
                   {"disk_bytes_free", static_cast<double>(found.disk_bytes_free)},
                   {"disk_bytes", static_cast<double>(found.disk_bytes)}};
    if (found.disk_bytes > 0) row.figure += fmt::format(", {} of disk free", bytes_text(found.disk_bytes_free));
    // OpenSearch's high watermark: above 90 % full it moves shards away, at 95 % indices become read-only.
    bool const nearly_full = found.disk_bytes > 0 && found.disk_bytes_free < found.disk_bytes / 10;
    if (found.status == "red") {
        row.state = component_state::down;
        row.reason = fmt::format(
            "its health is red: some shards are lost or not started; see {}/_cluster/allocation/explain", from.address);
    } else if (nearly_full) {
        row.reason = fmt::format("its disk is more than 90 % full: at 95 % indices become read-only; free disk space");
    }
    return only(std::move(row));
}

status_report report_of_dashboards(probed<page_findings> const& from) {
    auto row = row_of("dashboards", from);
    if (!from.got || !accept_status(row, *from.got, "/api/status")) return only(std::move(row));
    auto const state = text_at(from.got->body, {"status", "overall", "state"});
    if (!state) {
        mark_foreign(row, "/api/status");
        return only(std::move(row));
    }
    row.version = text_at(from.got->body, {"version", "number"}).value_or("");
    row.figure = *state;
    if (*state == "red") {
        row.state = component_state::down;
        row.reason = "its state is red: usually OpenSearch cannot be reached";
    }
    return only(std::move(row));
}

status_report report_of_loki(probed<loki_findings> const& from) {
    auto row = row_of("loki", from);
    row.more = fmt::format("{}/metrics", from.address);
    if (!from.got) return only(std::move(row));
    auto const& found = *from.got;
    row.version = text_at(found.build_info.body, {"version"}).value_or("");
    if (auto const lines = sum_of(found.metrics.body, "loki_distributor_lines_received_total")) {
        row.figure = fmt::format("{} received", counted(static_cast<std::uint64_t>(*lines), "line"));
        row.numbers = {{"lines_received", *lines}};
    }
    if (accept_status(row, found.ready, "/ready")) {
        if (row.version.empty() && row.figure.empty()) mark_foreign(row, "/ready");
    } else if (!found.ready.body.empty() && found.ready.status == 503) {
        row.reason = fmt::format("not ready: {}", found.ready.body.substr(0, 200));
    }
    return only(std::move(row));
}

status_report report_of_grafana(probed<page_findings> const& from) {
    auto row = row_of("grafana", from);
    if (!from.got) return only(std::move(row));
    // With a broken database it answers 503, and still says so in words.
    auto const database = text_at(from.got->body, {"database"});
    if (!database) {
        if (accept_status(row, *from.got, "/api/health")) mark_foreign(row, "/api/health");
        return only(std::move(row));
    }
    row.version = text_at(from.got->body, {"version"}).value_or("");
    row.figure = fmt::format("database {}", *database);
    if (*database != "ok") {
        row.state = component_state::down;
        row.reason = fmt::format("its database says: {}", *database);
    }
    return only(std::move(row));
}

}  // namespace logpipe::status
