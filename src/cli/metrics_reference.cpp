#include "metrics_reference.hpp"

#include "ends.hpp"
#include "status/process_metrics.hpp"
#include "web/server_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <vector>

namespace logpipe::cli {

namespace {

constexpr std::string_view introduction =
    R"(# Metrics

`GET /metrics` on the admin address (`--admin`, by default 127.0.0.1:24230 to 24234) and on the page's address answers
in Prometheus text format 0.0.4. [Monitoring](../operate/monitoring.md) says what to watch and alert on.

- A counter starts at 0 with the process, only grows, and its name ends in `_total`; no other name does. The ledger
  continues across restarts, so its terms are gauges.
- Labels are names of pumps and stages and a few fixed words, never an address, a path or a tag: the number of series is
  fixed by the program.
- Units are base units, at the end of the name: `seconds`, `bytes`, `events`.
- Histograms of time have the bounds 1, 2.5, 5, 10, 25, 50, 100, 250, 500 ms, 1, 2.5, 5, 10, 30 s, 1, 5, 30 min, 1 h. A
  batch is one observation that counts for all of its events.

The page is printed by `logpipe check --show-metrics`. A test compares it with that, and
`tests/program/metrics_test.py` with what the program serves.
)";

constexpr std::string_view pumps_text =
    R"(A pump moves events from one source through a transform to one sink. `pump` is its name: `receive`, `deliver` and
`index` of `run`, `forward` and `deliver` of `forward`, elsewhere the name of the subcommand.
)";

constexpr std::string_view every_stage_text =
    R"(`stage` is the name of a source, transform or sink, as `status` shows it. Where dead letters go is the stage
`dead_letters` with an empty `pump`, because all pumps share it.
)";

constexpr std::string_view after_every_stage =
    R"(
The metrics of ends and transforms below have the labels `pump` and `stage`. The stage `router` of `forward` shows the
sums over the sinks of its routes; `dead_letters` shows those of the sink that it writes with.
)";

constexpr std::string_view server_text =
    R"(Of the server that is asked: each admin server and the page count for themselves.
)";

void add_served(std::string& out, std::string_view title, std::string_view text,
                std::span<status::served_metric const> metrics) {
    out += fmt::format("\n## {}\n\n", title);
    if (!text.empty()) out.append(text).append("\n");
    out += "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n";
    for (auto const& each : metrics)
        out += fmt::format("| `{}` | {} | {} | {} |\n", each.name, each.type, each.labels, each.help);
}

/// A metric and the stages that have it.
struct stage_row {
    metric what;
    std::string stages;
};

/// One that several stages have in the same sense is one row.
void add(std::vector<stage_row>& rows, std::string_view stage, std::span<metric const> metrics) {
    for (auto const& each : metrics) {
        auto const same = std::ranges::find_if(
            rows, [&](stage_row const& row) { return row.what.name == each.name && row.what.help == each.help; });
        if (same != rows.end())
            same->stages += fmt::format(", `{}`", stage);
        else
            rows.push_back({.what = each, .stages = fmt::format("`{}`", stage)});
    }
}

void add_stages(std::string& out, std::string_view title, std::vector<stage_row> const& rows) {
    if (rows.empty()) return;
    out += fmt::format("\n## {}\n\n| metric | type | stage | meaning |\n| --- | --- | --- | --- |\n", title);
    for (auto const& [what, stages] : rows)
        out += fmt::format("| `logpipe_{}` | {} | {} | {} |\n", what.name,
                           what.type == metric_type::counter ? "counter" : "gauge", stages, what.help);
}

}  // namespace

std::string metrics_markdown() {
    std::string out{introduction};
    add_served(out, "Process", {}, status::process_metrics);
    add_served(out, "Pumps", pumps_text, status::pump_metrics);
    add_served(out, "Every stage", every_stage_text, status::stage_metrics);
    out += after_every_stage;
    for (auto const* end : ends()) {
        std::vector<stage_row> rows;
        add(rows, end->source_stage, end->source_metrics);
        add(rows, end->sink_stage, end->sink_metrics);
        add_stages(out, end->title, rows);
    }
    for (auto const* each : transforms()) {
        std::vector<stage_row> rows;
        add(rows, each->name, each->metrics);
        add_stages(out, each->title, rows);
    }
    add_served(out, "HTTP server", server_text, web::server_metrics);
    return out;
}

}  // namespace logpipe::cli
