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
    "produce serve run forward consume index ship dlq verify replay skip setup status monitor tap";
constexpr std::string_view servers = "run serve produce forward consume index ship";
constexpr std::string_view admin_help = "serve /metrics, /healthz, /readyz and /api/status there; none: do not";

constexpr std::array rows{
    option_row{"config", text, "FILE", "", "*", "configuration; without it ./logpipe.toml where there is one"},
    option_row{"log-level", choice, "debug|info|warn|error|off", "info", "*", "least important messages to log"},
    option_row{"log-format", choice, "auto|text|json", "auto", "*", "auto: text on a terminal, JSON lines otherwise"},
    option_row{"data-mode", text, "MODE", "0700", "produce serve run forward consume index ship dlq replay journal",
               "mode of the folders that are made, and of the files without x; 0750 lets the group read"},
    option_row{"strict-secrets", choice, "yes|no", "no", readers_of_secrets,
               "refuse files of secrets that every user of the machine can read, instead of warning"},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24230", "run", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24231", "forward", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24232", "consume", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24233", "index", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24234", "ship", admin_help},
    option_row{"admin", text, "HOST:PORT", "none", "produce", admin_help},
    option_row{"drain-timeout", duration, "TIME", "30s", "produce forward consume index run serve ship",
               "how long a stop waits for what was taken in to become safe"},
    option_row{"url", text, "URL", "", "produce", "lines from there, http:// or https://"},
    option_row{"url", text, "URL",
               "https://raw.githubusercontent.com/elastic/examples/master/Common%20Data%20Formats/nginx_json_logs/"
               "nginx_json_logs",
               "serve run", "lines for /produceEventsToPipeline, http:// or https://"},
    option_row{"file", text, "PATH", "", "produce serve", "lines from a file"},
    option_row{"demo", text, "SPEC", "", "produce serve", "made-up nginx lines: lines=N&rate=R&seed=S&serial=1"},
    option_row{"from", text, "URI", "", "produce run", "lines from any source: PATH, -, http(s)://…, demo:nginx?…"},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "consume", "events to transform"},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-events", "index", "documents to store"},
    option_row{"from", text, "URI", "docker:", "ship",
               "whose logs: docker:?project=NAME, docker:?label=KEY=VALUE, docker:unix://SOCKET?…; docker: is all"},
    option_row{"to", text, "URI", "forward://127.0.0.1:24224", "produce serve", "where events go"},
    option_row{"to", text, "URI", "kafka://localhost:9092/nginx-logs", "forward",
               "where the journal is emptied to; none: the journal keeps its events for readers"},
    option_row{"to", text, "URI", "kafka://localhost:9092/nginx-events", "consume",
               "where documents go; a store, as opensearch://…, makes a second topic needless"},
    option_row{"to", text, "URI", "opensearch://localhost:9200/nginx-logs", "index", "where documents go"},
    option_row{"to", text, "URI", "loki://localhost:3100", "ship", "where lines go; lokis:// is TLS"},
    option_row{"broker", text, "URI", "journal:", "run",
               "what carries the events: the journal in the data directory, or kafka://HOST:PORT/TOPIC behind it"},
    option_row{"store", text, "URI", "sqlite:", "run",
               "where documents go: store.sqlite in the data directory, or opensearch://HOST:PORT/INDEX"},
    option_row{"threads", count, "N", "1", "consume index",
               "how many pumps, each a member of the Kafka group with its own ends"},
    option_row{"from", list, "URI", "kafka://localhost:9092/nginx-logs", "verify",
               "the topics that the events went through, in their order; may be given often"},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "replay", "the topic"},
    option_row{"from", text, "URI", "kafka://localhost:9092/nginx-logs", "skip", "the topic, of Kafka or a journal"},
    option_row{"to", text, "sqlite:PATH", "", "skip",
               "the store of a journal's reader, which keeps the position; default: store.sqlite beside the journal"},
    option_row{"to", text, "URI", "", "dlq", "where retried events go; default: the topic's name without .dlq"},
    option_row{"to", text, "URI", "opensearch://localhost:9200/nginx-logs", "verify setup", "the store"},
    option_row{"to", text, "PLACE", "", "replay",
               "beginning, end, a time as 2026-01-31T00:00:00Z, or PARTITION:OFFSET"},
    option_row{"data-dir", text, "DIR", "logpipe-data", "run", "holds the journal, the dead letters and the store"},
    option_row{"once", on_off, "", "off", "run consume index", "end when what was there at the start is done"},
    option_row{"group", text, "NAME", "forward", "forward", "names the position in the journal"},
    option_row{"group", text, "NAME", "consume", "consume", "names the position in the journal"},
    option_row{"group", text, "NAME", "index", "index run", "names the position in the journal"},
    option_row{"at", text, "PARTITION:OFFSET", "", "skip", "the last event to pass over; of a journal OFFSET alone"},
    option_row{"dead-letters", text, "URI", "", "consume index skip",
               "where rejected events go; default: the topic's name with .dlq"},
    option_row{"dead-letters", list, "URI", "", "verify",
               "letters beside those of the topics' own .dlq; may be given often"},
    option_row{"group", text, "NAME", "", "replay skip", "whose position is moved"},
    option_row{"group", list, "NAME", "", "verify",
               "who reads the topics: what is behind its position is on its way; default: consume and index"},
    option_row{"dead-letters", text, "URI", "file:logpipe-dead-letters.jsonl", "produce serve ship",
               "where lines go that cannot be sent"},
    option_row{"run-id", text, "ID", "", "produce",
               "names this run: the same id again repeats the same events instead of adding"},
    option_row{"give-up-after", duration, "TIME", "60s", "produce serve run",
               "end when nothing was acked for so long; 0: never, the default for pipes and standard input"},
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:24224", "forward run",
               "for the Fluent forward protocol, TCP and UDP heartbeats"},
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:8000", "serve", "for HTTP"},
    option_row{"route", list, "PATTERN=URI", "", "forward",
               "send tags elsewhere; before app.** and fluent.**; may be given often"},
    option_row{"topic", text, "NAME", "nginx-logs", "forward", "the journal's topic for app.**"},
    option_row{"journal", text, "DIR", "logpipe-data", "forward", "the folder of the disk buffer"},
    option_row{"page", text, "HOST:PORT", "127.0.0.1:8000", "run", "serve the page there; none: do not"},
    option_row{"auth-token-file", secret, "FILE", "", "run serve",
               "who asks for the page or its API must show the file's first line; required off loopback"},
    option_row{"auth-token-file", secret, "FILE", "", "status monitor tap",
               "of a page whose address --at names: its token, first line of the file"},
    option_row{"page-open", choice, "yes|no", "no", "run serve",
               "off loopback, serve the page without --auth-token-file to anybody who reaches it"},
    option_row{"page-host", list, "NAME", "", servers,
               "name by which browsers may ask the page and the admin server, besides localhost, numeric addresses, "
               "names without dots and the machine's own; may be given often"},
    option_row{"page-certificate", text, "FILE", "", servers,
               "TLS for the page, and for an admin server off loopback: the certificate chain (PEM)"},
    option_row{"page-certificate", text, "FILE", "", "status",
               "of --self: given where the process has it, so that its admin server is asked by TLS"},
    option_row{"page-key", text, "FILE", "", servers, "private key (PEM) of --page-certificate"},
    option_row{
        "produce-by-get", choice, "auto|yes|no", "auto", "run serve",
        "GET of /produceEventsToPipeline starts a run too, as a link does; auto: on a loopback address only; no: "
        "POST only"},
    option_row{"produce-lines-max", count, "N", "10000000", "run serve",
               "most lines of one run that /produceEventsToPipeline starts; 0: no bound"},
    option_row{"produce-bytes-max", bytes, "SIZE", "4G", "run serve", "most bytes that such a run reads; 0: no bound"},
    option_row{"show-store", text, "sqlite:PATH", "", "serve", "the store whose documents the page shows"},
    option_row{"at", list, "HOST:PORT", "", "status monitor tap serve",
               "admin address of a process, https://HOST:PORT where it has a certificate; may be given often; without "
               "it all the "
               "default ones are tried"},
    option_row{"brokers", text, "HOST:PORT,…", "", "status monitor", "Kafka to look at"},
    option_row{"hop", list, "TOPIC:GROUP", "", "status monitor",
               "a topic and the group that reads it; may be given often; default: nginx-logs:consume and "
               "nginx-events:index, where there are such topics"},
    option_row{"opensearch", text, "URL", "", "status monitor", "OpenSearch to look at, as http://localhost:9200"},
    option_row{"index", text, "NAME", "nginx-logs", "status monitor", "OpenSearch's index with the documents"},
    option_row{"dashboards", text, "URL", "", "status monitor",
               "OpenSearch Dashboards to look at, as http://localhost:5601"},
    option_row{"loki", text, "URL", "", "status monitor", "Loki to look at, as http://localhost:3100"},
    option_row{"grafana", text, "URL", "", "status monitor", "Grafana to look at, as http://localhost:3000"},
    option_row{"json", on_off, "", "off", "status journal version dlq verify", "machine-readable"},
    option_row{"timeout", duration, "TIME", "2s", "status monitor tap serve", "for each answer"},
    option_row{"watch", on_off, "", "off", "status", "look again and again, every --interval"},
    option_row{"interval", duration, "TIME", "2s", "status", "between two looks of --watch"},
    option_row{"interval", duration, "TIME", "1s", "monitor", "between two looks"},
    option_row{"self", on_off, "", "off", "status",
               "only whether the process of this machine or container is alive: exit status 0; for health checks"},
    option_row{"admin", text, "HOST:PORT", "", "status",
               "of --self: the process's own; default: those at which it may be"},
    option_row{"plain", on_off, "", "off", "monitor", "lines instead of a screen, as where no terminal is"},
    option_row{"sample", count, "N", "1", "tap", "show every Nth event"},
    option_row{"count", count, "N", "0", "tap", "end after so many events; 0: never"},
    option_row{"readable", on_off, "", "off", "tap", "lines for people instead of JSON"},
    option_row{"timeout", duration, "TIME", "30s", "dlq verify replay skip", "for an answer of Kafka"},
    option_row{"ids", on_off, "", "off", "verify", "compare id by id instead of by numbers"},
    option_row{"accept-expired", on_off, "", "off", "verify",
               "what expired in a topic before it was read is known, and no failure"},
    option_row{"memory", bytes, "SIZE", "64M", "verify", "for ids; what is above waits in a temporary file ($TMPDIR)"},
    option_row{"newest", count, "N", "20", "dlq verify", "how many letters, or ids of each kind, are named"},
    option_row{"reason", text, "TEXT", "", "dlq", "the letters whose reason, as ls shows it, has this in it"},
    option_row{"all", on_off, "", "off", "dlq", "all letters"},
    option_row{"ecs", on_off, "", "off", "setup",
               "also the Elastic Common Schema's names, as aliases; lines with texts of their own there are refused"},
    option_row{"dry-run", on_off, "", "off", "dlq replay setup skip", "only say what would be done"},
    option_row{"yes", on_off, "", "off", "dlq skip", "purge or skip without asking"},
    option_row{"line", text, "TEXT", "", "check", "run this line (- for standard input) through the transform"},
    option_row{"show-mapping", on_off, "", "off", "check", "print the mapping as TOML, for --mapping"},
    option_row{"show-options", on_off, "", "off", "check", "print the table of all options"},
    option_row{"show-uris", on_off, "", "off", "check", "print the table of the ends and their URIs"},
    option_row{"show-metrics", on_off, "", "off", "check", "print the reference page of all metrics"},
    option_row{"completions", choice, "bash|zsh|fish", "", "help", "print a script that completes the command line"},
    option_row{"man", on_off, "", "off", "help", "print the manual page, logpipe(1)"},
    option_row{"for", text, "SUBCOMMAND", "run", "check", "whose configuration to check"},
    option_row{"ca-file", text, "FILE", "", "status monitor tap serve",
               "certificates (PEM) that a server's must be signed by; default: the system's"},
    option_row{"insecure-skip-verify", on_off, "", "off", "status monitor tap serve",
               "accept any certificate of a server"},
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
        for (auto const role : {end_role::source, end_role::sink, end_role::requests}) add(all, options_of(*end, role));
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
