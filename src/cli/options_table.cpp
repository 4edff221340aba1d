// The options of the subcommands themselves; those of the ends stand beside each end.
#include "ends.hpp"
#include "settings.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::cli {

namespace {

using enum option_kind;

constexpr std::string_view readers_of_secrets =
    "produce serve run forward consume index ship dlq verify trace replay skip setup status monitor tap";
constexpr std::string_view servers = "run serve produce forward consume index ship";
constexpr std::string_view admin_help =
    "Address of the admin server: /metrics, /healthz, /readyz, /api/status; none: off.";

constexpr std::array rows{
    option_row{"config", text, "FILE", "", "*", "Configuration file; default: ./logpipe.toml if it exists."},
    option_row{"log-level", choice, "debug|info|warn|error|off", "info", "*", "Minimum severity of logged messages."},
    option_row{"log-format", choice, "auto|text|json", "auto", "*",
               "Log format; auto: text on a terminal, else JSON lines."},
    option_row{"data-mode", text, "MODE", "0700", "produce serve run forward consume index ship dlq replay journal",
               "Mode of created folders; files get it without its x bits; 0750 lets the group read."},
    option_row{"strict-secrets", choice, "yes|no", "no", readers_of_secrets,
               "Reject secret files that every user of the machine can read, instead of warning."},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24230", "run", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24231", "forward", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24232", "consume", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24233", "index", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24234", "ship", admin_help},
    option_row{"admin", text, "HOST:PORT", "none", "produce", admin_help},
    option_row{"drain-timeout", duration, "TIME", "30s", "produce forward consume index run serve ship",
               "Maximum time that a stop waits until accepted events are safe."},
    option_row{"memory-max", bytes, "SIZE", "0", "produce forward consume index run serve ship",
               "Maximum memory of the process; near it clients and sources wait. 0: its control group's limit, else a "
               "quarter of the machine's."},
    option_row{"url", text, "URL", "", "produce", "Download the lines from this http:// or https:// URL."},
    option_row{"url", text, "URL",
               "https://raw.githubusercontent.com/elastic/examples/master/Common%20Data%20Formats/nginx_json_logs/"
               "nginx_json_logs",
               "serve run", "Lines that /produceEventsToPipeline sends: an http:// or https:// URL."},
    option_row{"file", text, "PATH", "", "produce serve", "Read the lines from this file."},
    option_row{"demo", text, "SPEC", "", "produce serve", "Generate nginx lines: lines=N&rate=R&seed=S&serial=1."},
    option_row{"from", text, "URI", "", "produce", "Source of the lines: PATH, -, http(s)://…, demo:nginx?…."},
    option_row{"from", list, "URI", "", "run",
               "Source of the lines instead of the listener: PATH or file:GLOB, which is followed, -, http(s)://…, "
               "demo:nginx?…, or another listener, syslog://…, ingest://…, tcp://…; repeatable."},
    option_row{"from", text, "URI", "", "forward",
               "Another listener instead of the forward protocol's, as syslog://HOST:PORT or ingest://HOST:PORT."},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "consume",
               "Source of the events to transform."},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-events", "index",
               "Source of the documents to store."},
    option_row{"from", text, "URI", "docker:", "ship",
               "Containers whose logs are shipped: docker:?project=NAME, docker:?label=KEY=VALUE, "
               "docker:unix://SOCKET?…; docker: is "
               "all of them."},
    option_row{"to", text, "URI", "forward://127.0.0.1:24224", "produce serve", "Sink of the events."},
    option_row{"to", text, "URI", "kafka://localhost:9092/nginx-logs", "forward",
               "Sink that the journal is delivered to; none: the journal keeps its events for readers."},
    option_row{"to", text, "URI", "kafka://localhost:9092/nginx-events", "consume",
               "Sink of the documents; with a store, as opensearch://…, no second topic is needed."},
    option_row{"to", text, "URI", "opensearch://localhost:9200/nginx-logs", "index", "Sink of the documents."},
    option_row{"to", text, "URI", "loki://localhost:3100", "ship", "Sink of the lines; lokis:// is TLS."},
    option_row{"broker", text, "URI", "journal:", "run",
               "Broker of the events: the journal in the data directory, or kafka://HOST:PORT/TOPIC after it."},
    option_row{"store", text, "URI", "sqlite:", "run",
               "Store of the documents: store.sqlite in the data directory, or opensearch://HOST:PORT/INDEX."},
    option_row{"threads", count, "N", "1", "consume index",
               "Number of pumps, each a member of the Kafka group with its own connections."},
    option_row{"from", list, "URI", "kafka://localhost:9092/nginx-logs", "verify trace",
               "Topics that the events went through, in this order; repeatable."},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "replay", "Topic whose group is moved."},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "skip",
               "Topic of Kafka, or journal, whose group is moved."},
    option_row{"to", text, "sqlite:PATH", "", "skip",
               "Store that keeps the position of a journal's reader; default: store.sqlite beside the journal."},
    option_row{"to", text, "URI", "", "dlq", "Topic that retried events go to; default: the name without .dlq."},
    option_row{"to", text, "URI", "opensearch://localhost:9200/nginx-logs", "verify trace setup",
               "Store of the documents."},
    option_row{"to", text, "PLACE", "", "replay",
               "New position: beginning, end, a time as 2026-01-31T00:00:00Z, or PARTITION:OFFSET."},
    option_row{"data-dir", text, "DIR", "logpipe-data", "run",
               "Folder of the journal, the dead letters and the store."},
    option_row{"data-dir", text, "DIR", "", "torture",
               "Folder on the disk to try; a new folder is made in it, and removed unless something is wrong."},
    option_row{"kills", count, "N", "20", "torture", "Number of kills, at random moments while lines are sent."},
    option_row{"lines", count, "N", "300000", "torture", "Number of lines to send."},
    option_row{"rate", count, "N", "10000", "torture", "Lines a second."},
    option_row{"hours", count, "H", "1", "simulate", "Virtual hours of each history, until its faults end."},
    option_row{"seed", count, "N", "0", "simulate", "The first seed; one seed is one history; 0: a random one."},
    option_row{"seeds", count, "N", "100", "simulate", "Number of histories, each with the next seed."},
    option_row{"seed", count, "N", "0", "torture", "The same seed draws the same moments; 0: a random one."},
    option_row{"once", on_off, "", "off", "run consume index",
               "End when everything that was there at the start is done."},
    option_row{"group", text, "NAME", "forward", "forward", "Name of the position in the journal."},
    option_row{"group", text, "NAME", "consume", "consume",
               "Name of the position in the journal, or of the consumer group in Kafka."},
    option_row{"group", text, "NAME", "index", "index run",
               "Name of the position in the journal, or of the consumer group in Kafka."},
    option_row{"at", text, "PARTITION:OFFSET", "", "skip", "Last event to skip; of a journal OFFSET alone."},
    option_row{"dead-letters", text, "URI", "", "consume index skip",
               "Sink of rejected events; default: the topic's name with .dlq."},
    option_row{"dead-letters", list, "URI", "", "verify trace",
               "Dead letters beside those in the topics' .dlq; repeatable."},
    option_row{"group", text, "NAME", "", "replay skip", "Group whose position is moved."},
    option_row{"group", list, "NAME", "", "verify trace",
               "Groups that read the topics: events after their positions are in flight; default: consume and index."},
    option_row{"dead-letters", text, "URI", "file:logpipe-dead-letters.jsonl", "produce serve ship",
               "Sink of lines that cannot be sent."},
    option_row{"run-id", text, "ID", "", "produce",
               "Id of this run: a second run with the same id repeats the same events instead of adding new ones."},
    option_row{"give-up-after", duration, "TIME", "60s", "produce serve run",
               "End when nothing was acked for this long; 0: never, the default for pipes and standard input."},
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:24224", "forward run",
               "Address of the forward protocol's listener, TCP and UDP heartbeats."},
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:8000", "serve", "Address of the HTTP server."},
    option_row{"route", list, "PATTERN=URI", "", "forward",
               "Send events with these tags to another sink; tried before app.** and fluent.**; repeatable."},
    option_row{"topic", text, "NAME", "nginx-logs", "forward", "Topic of the journal for app.**."},
    option_row{"journal", text, "DIR", "logpipe-data", "forward", "Folder of the disk buffer."},
    option_row{"page", text, "HOST:PORT", "127.0.0.1:8000", "run", "Address of the page; none: off."},
    option_row{"auth-token-file", secret, "FILE", "", "run serve",
               "File whose first line is the token of the page and its API; required off loopback."},
    option_row{"auth-token-file", secret, "FILE", "", "status monitor tap",
               "File whose first line is the token of the page that --at names."},
    option_row{"page-open", choice, "yes|no", "no", "run serve",
               "Off loopback, serve the page without --auth-token-file to everybody who reaches it."},
    option_row{"page-host", list, "NAME", "", servers,
               "Host name under which browsers may request the page and the admin server, besides localhost, numeric "
               "addresses, names without dots and the machine's name; repeatable."},
    option_row{"page-certificate", text, "FILE", "", servers,
               "Certificate chain (PEM) of the page, and of an admin server off loopback."},
    option_row{"page-certificate", text, "FILE", "", "status",
               "With --self: set it where the process has it, so that its admin server is requested over TLS."},
    option_row{"page-key", text, "FILE", "", servers, "Private key (PEM) of --page-certificate."},
    option_row{
        "produce-by-get", choice, "auto|yes|no", "auto", "run serve",
        "Whether a GET of /produceEventsToPipeline starts a run, as a link does; auto: on a loopback address only; no: "
        "POST only."},
    option_row{"produce-lines-max", count, "N", "10000000", "run serve",
               "Maximum lines of one run that /produceEventsToPipeline starts; 0: unlimited."},
    option_row{"produce-bytes-max", bytes, "SIZE", "4G", "run serve",
               "Maximum bytes that one run of /produceEventsToPipeline reads; 0: unlimited."},
    option_row{"show-store", text, "sqlite:PATH", "", "serve", "Store whose documents the page shows."},
    option_row{
        "at", list, "HOST:PORT", "", "status monitor tap serve",
        "Admin address of a process, https://HOST:PORT where it has a certificate; repeatable; default: all default "
        "addresses are tried."},
    option_row{"brokers", text, "HOST:PORT,…", "", "status monitor", "Kafka cluster to probe."},
    option_row{
        "hop", list, "TOPIC:GROUP", "", "status monitor",
        "Topic and the group that reads it; repeatable; default: nginx-logs:consume and nginx-events:index, where "
        "these topics exist."},
    option_row{"opensearch", text, "URL", "", "status monitor", "OpenSearch to probe, as http://localhost:9200."},
    option_row{"index", text, "NAME", "nginx-logs", "status monitor", "Index of OpenSearch with the documents."},
    option_row{"dashboards", text, "URL", "", "status monitor",
               "OpenSearch Dashboards to probe, as http://localhost:5601."},
    option_row{"loki", text, "URL", "", "status monitor", "Loki to probe, as http://localhost:3100."},
    option_row{"grafana", text, "URL", "", "status monitor", "Grafana to probe, as http://localhost:3000."},
    option_row{"json", on_off, "", "off", "status journal version dlq verify trace", "Print JSON."},
    option_row{"timeout", duration, "TIME", "2s", "status monitor tap serve", "Timeout of each response."},
    option_row{"watch", on_off, "", "off", "status", "Refresh every --interval."},
    option_row{"interval", duration, "TIME", "2s", "status", "Refresh interval of --watch."},
    option_row{"interval", duration, "TIME", "1s", "monitor", "Refresh interval."},
    option_row{"self", on_off, "", "off", "status",
               "Only check that the process of this machine or container is alive: exit status 0; for health checks."},
    option_row{"admin", text, "HOST:PORT", "", "status",
               "With --self: admin address of the process; default: all default addresses."},
    option_row{"plain", on_off, "", "off", "monitor", "Print lines instead of a screen, as without a terminal."},
    option_row{"sample", count, "N", "1", "tap", "Show every Nth event."},
    option_row{"count", count, "N", "0", "tap", "End after this many events; 0: never."},
    option_row{"count", count, "N", "10", "trace",
               "Number of matching events that are traced; the others are counted."},
    option_row{"readable", on_off, "", "off", "tap", "Print text instead of JSON."},
    option_row{"timeout", duration, "TIME", "30s", "dlq verify trace replay skip",
               "Timeout of each response of Kafka."},
    option_row{"ids", on_off, "", "off", "verify", "Compare ids instead of counts."},
    option_row{"accept-expired", on_off, "", "off", "verify",
               "Do not fail for events that expired in a topic before they were read."},
    option_row{"memory", bytes, "SIZE", "64M", "verify",
               "Maximum memory for ids; more go to a temporary file ($TMPDIR)."},
    option_row{"newest", count, "N", "20", "dlq verify",
               "Number of dead letters, or of ids of each kind, that are listed."},
    option_row{"reason", text, "TEXT", "", "dlq",
               "Select dead letters whose reason, as ls shows it, contains this text."},
    option_row{"all", on_off, "", "off", "dlq", "Select all dead letters."},
    option_row{
        "ecs", on_off, "", "off", "setup",
        "Add the Elastic Common Schema's names as aliases; documents that have such a field themselves are rejected."},
    option_row{"diff", on_off, "", "off", "setup",
               "Only print what would change; the exit status is 1 where something would."},
    option_row{"dry-run", on_off, "", "off", "dlq replay setup skip", "Only print what would be done."},
    option_row{"yes", on_off, "", "off", "dlq skip", "Purge or skip without confirmation."},
    option_row{"line", text, "TEXT", "", "check", "Run this line (-: standard input) through the transform."},
    option_row{"file", text, "PATH", "", "check",
               "Run the lines of this file (-: standard input) through the transform, and say what became of them."},
    option_row{"lines", count, "N", "10", "check", "Number of lines of --file whose documents are printed."},
    option_row{"tests", text, "FILE", "", "check",
               "TOML: lines and the documents they must become; exit status 1 where one does not."},
    option_row{"show-mapping", on_off, "", "off", "check", "Print the mapping as TOML, for --mapping."},
    option_row{"show-options", on_off, "", "off", "check", "Print the table of all options."},
    option_row{"show-uris", on_off, "", "off", "check", "Print the table of the ends and their URIs."},
    option_row{"show-metrics", on_off, "", "off", "check", "Print the reference page of all metrics."},
    option_row{"completions", choice, "bash|zsh|fish", "", "help", "Print a completion script for this shell."},
    option_row{"man", on_off, "", "off", "help", "Print the manual page, logpipe(1)."},
    option_row{"for", text, "SUBCOMMAND", "run", "check", "Subcommand whose configuration is checked."},
    option_row{"ca-file", text, "FILE", "", "status monitor tap serve",
               "CA certificates (PEM) of servers; default: those of the system."},
    option_row{"insecure-skip-verify", on_off, "", "off", "status monitor tap serve",
               "Accept any certificate of a server."},
};

bool belongs(option_row const& row, std::string_view subcommand) {
    if (row.subcommands == "*") return true;
    for (auto left = row.subcommands; !left.empty();) {
        auto const space = left.find(' ');
        if (left.substr(0, space) == subcommand) return true;
        left = space == std::string_view::npos ? std::string_view{} : left.substr(space + 1);
    }
    return false;
}

option made_of(option_row const& row) {
    return {.name = row.name,
            .kind = row.kind,
            .metavar = row.metavar,
            .help = row.help,
            .fallback = std::string{row.fallback}};
}

/// Of the transforms: all, or that which says what the documents are.
std::vector<option> transform_options(end_role role) {
    std::vector<option> all;
    for (auto const* each : transforms())
        for (auto const& row : each->options)
            if (role == end_role::transform || (role == end_role::documents && row.name == "mapping"))
                all.push_back(row);
    return all;
}

/// A name that several have is one option, with the first one's help and range.
void add(std::vector<option>& to, std::vector<option> const& from) {
    for (auto const& each : from)
        if (!each.in_uri_only && std::ranges::find(to, each.name, &option::name) == to.end()) to.push_back(each);
}

std::string row_of_table(option const& each, std::string_view of) {
    std::string metavar{each.metavar};
    for (std::size_t at = 0; (at = metavar.find('|', at)) != std::string::npos; at += 2) metavar.insert(at, 1, '\\');
    auto const name = each.in_uri_only ? fmt::format("?{}={}", each.name, metavar)
                                       : fmt::format("--{}{}{}", each.name, metavar.empty() ? "" : " ", metavar);
    return fmt::format("| `{}` | {} | {}{} |\n", name,
                       each.fallback.empty() ? std::string{} : fmt::format("`{}`", each.fallback),
                       of.empty() ? std::string{} : fmt::format("{} | ", of), each.help);
}

}  // namespace

std::vector<option> options_of(std::string_view subcommand) {
    std::vector<option> mine;
    for (auto const& row : rows)
        if (belongs(row, subcommand)) mine.push_back(made_of(row));
    for (auto const role : roles_of(subcommand)) add(mine, transform_options(role));
    for (auto const* end : ends())
        for (auto const role : roles_of(subcommand)) add(mine, options_of(*end, role));
    return mine;
}

std::vector<option> all_options() {
    std::vector<option> all;
    for (auto const& row : rows) add(all, {made_of(row)});
    add(all, transform_options(end_role::transform));
    for (auto const* end : ends())
        for (auto const role : {end_role::source, end_role::sink, end_role::requests, end_role::set_up})
            add(all, options_of(*end, role));
    return all;
}

bool is_own_option(std::string_view subcommand, std::string_view name) {
    for (auto const role : roles_of(subcommand))
        for (auto const& each : transform_options(role))
            if (each.name == name) return true;
    return std::ranges::any_of(rows,
                               [&](option_row const& row) { return row.name == name && belongs(row, subcommand); });
}

std::string uris_markdown() {
    auto const list_of = [](std::vector<std::string_view> const& schemes) {
        std::string list;
        for (auto const each : schemes) list += fmt::format("{}`{}:`", list.empty() ? "" : ", ", each);
        return list;
    };
    std::string out = "| end | URI | source | sink | what it is |\n| --- | --- | --- | --- | --- |\n";
    for (auto const* end : ends())
        out += fmt::format("| {} | `{}` | {} | {} | {} |\n", end->title, end->form, list_of(end->source_schemes),
                           list_of(end->sink_schemes), end->summary);
    return out;
}

std::string options_markdown() {
    std::string out = "## Subcommands\n\n| option | default | of | what it does |\n| --- | --- | --- | --- |\n";
    for (auto const& row : rows) out += row_of_table(made_of(row), row.subcommands == "*" ? "all" : row.subcommands);
    for (auto const* end : ends()) {
        out += fmt::format("\n## {}\n\n{} `{}`\n", end->title, end->summary, end->form);
        for (auto const& [role, title] : {std::pair{end_role::source, "As a source"}, {end_role::sink, "As a sink"}}) {
            auto const options = options_of(*end, role);
            if (options.empty()) continue;
            out += fmt::format("\n{}:\n\n| option | default | what it does |\n| --- | --- | --- |\n", title);
            for (auto const& each : options) out += row_of_table(each, {});
        }
    }
    for (auto const* each : transforms()) {
        out += fmt::format("\n## {}\n\n{}\n\n| option | default | what it does |\n| --- | --- | --- |\n", each->title,
                           each->summary);
        for (auto const& row : each->options) out += row_of_table(row, {});
    }
    return out;
}

}  // namespace logpipe::cli
