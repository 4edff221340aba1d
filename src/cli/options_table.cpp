// The table of all options. docs/reference/options.md is made from it.
#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::cli {

namespace {

using enum option_kind;

constexpr std::string_view sends =
    "produce serve run forward consume index ship dlq verify replay skip setup status monitor tap";
constexpr std::string_view kafka_users = "forward consume index run dlq verify replay skip status monitor tap";
constexpr std::string_view kafka_writers = "forward consume index run";
constexpr std::string_view opensearch_users = "consume index run verify setup status monitor";
constexpr std::string_view servers = "run serve produce forward consume index ship";
constexpr std::string_view letter_writers = "forward run consume index produce serve ship skip";
constexpr std::string_view mapping_users = "run consume index serve setup check";
constexpr std::string_view admin_help = "serve /metrics, /healthz, /readyz and /api/status there; none: do not";

constexpr std::array rows{
    // Everywhere.
    option_row{"config", text, "FILE", "", "*", "configuration; without it ./logpipe.toml where there is one"},
    option_row{"log-level", choice, "debug|info|warn|error|off", "info", "*", "least important messages to log"},
    option_row{"log-format", choice, "auto|text|json", "auto", "*", "auto: text on a terminal, JSON lines otherwise"},

    option_row{"data-mode", text, "MODE", "0700", "produce serve run forward consume index ship dlq replay journal",
               "mode of the folders that are made, and of the files without x; 0750 lets the group read"},
    option_row{"strict-secrets", choice, "yes|no", "no", sends,
               "refuse files of secrets that every user of the machine can read, instead of warning"},

    // What runs long.
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24230", "run", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24231", "forward", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24232", "consume", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24233", "index", admin_help},
    option_row{"admin", text, "HOST:PORT", "127.0.0.1:24234", "ship", admin_help},
    option_row{"admin", text, "HOST:PORT", "none", "produce", admin_help},
    option_row{"drain-timeout", duration, "TIME", "30s", "produce forward consume index run serve ship",
               "how long a stop waits for what was taken in to become safe"},

    // Where events come from and go to.
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
               "how many pumps, each a member of the Kafka group with ends of its own"},
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

    // Line sources.
    option_row{"tag", text, "TAG", "app.follow", "produce serve run", "tag of the events of a line source"},
    option_row{"run-id", text, "ID", "", "produce",
               "names this run: the same id again repeats the same events instead of adding"},
    option_row{"line-bytes-max", bytes, "SIZE", "8M", "produce serve run consume",
               "a longer line goes to the dead letters"},
    option_row{"connect-timeout", duration, "TIME", "10s", sends, "for a connection to come about"},
    option_row{"idle-timeout", duration, "TIME", "30s", "produce serve run", "for a silent HTTP server"},
    option_row{"ca-file", text, "FILE", "", sends, "certificates (PEM) that servers must have; default: the system's"},
    option_row{"insecure-skip-verify", on_off, "", "off", sends, "accept any certificate of a server"},

    // Forward protocol, as client.
    option_row{"compress", on_off, "", "off", "produce serve forward", "send gzip (CompressedPackedForward)"},
    option_row{"in-flight", count, "N", "8", "produce serve forward", "chunks sent and not yet acked"},
    option_row{"ack-timeout", duration, "TIME", "60s", "produce serve forward",
               "for an ack; then the chunk is sent again"},
    option_row{"give-up-after", duration, "TIME", "60s", "produce serve run",
               "end when nothing was acked for so long; 0: never, the default for pipes and standard input"},
    option_row{"send-key-file", secret, "FILE", "", "produce serve forward",
               "shared key to show to the server, first line of the file"},
    option_row{"send-user", text, "NAME", "", "produce serve forward", "user name for a server that asks for one"},
    option_row{"send-password-file", secret, "FILE", "", "produce serve forward",
               "that user's password, first line of the file"},
    option_row{"client-certificate-file", text, "FILE", "", "produce serve forward dlq verify replay skip",
               "certificate (PEM) to show to the server"},
    option_row{"client-key-file", text, "FILE", "", "produce serve forward dlq verify replay skip",
               "its private key (PEM)"},

    // Forward protocol, as server.
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:24224", "forward run",
               "for the Fluent forward protocol, TCP and UDP heartbeats"},
    option_row{"listen", text, "HOST:PORT", "127.0.0.1:8000", "serve", "for HTTP"},
    option_row{"shared-key-file", secret, "FILE", "", "forward run", "clients must know its first line"},
    option_row{"users-file", secret, "FILE", "", "forward run", "clients must be a user of it: lines of NAME:PASSWORD"},
    option_row{"certificate-file", text, "FILE", "", "forward run", "TLS: the server's certificate chain (PEM)"},
    option_row{"key-file", text, "FILE", "", "forward run", "TLS: its private key (PEM)"},
    option_row{"client-ca-file", text, "FILE", "", "forward run", "TLS: clients must show a certificate of it"},
    option_row{"message-bytes-max", bytes, "SIZE", "64M", "forward run", "largest message of a client"},
    option_row{"decompressed-bytes-max", bytes, "SIZE", "256M", "forward run", "largest message once decompressed"},
    option_row{"entries-max", count, "N", "4000000", "forward run", "most events in one message"},
    option_row{"nesting-max", count, "N", "64", "forward run", "deepest record"},
    option_row{"connections-max", count, "N", "1024", "forward run",
               "maximum concurrent clients, as far as the limit of open files allows; above it the oldest that never "
               "completed a message gives way, else new ones wait"},
    option_row{"connections-per-address", count, "N", "0", "forward run",
               "maximum concurrent clients of one address, more are closed; 0: no bound"},
    option_row{"first-message-timeout", duration, "TIME", "0", "forward run",
               "close a client without a whole message for so long; 0: only when its place is needed"},
    option_row{
        "message-timeout", duration, "TIME", "60s", "forward run",
        "close a client that stalls within a message for so long, or beyond it sends less than 4 KiB/s; 0: never"},
    option_row{"heartbeat", choice, "on|off", "on", "forward run",
               "answer UDP heartbeats, at most one a second a peer; off: do not listen for them"},
    option_row{"client-idle-timeout", duration, "TIME", "0", "forward run",
               "close a silent client; 0: never, TCP keep-alive finds dead ones"},
    option_row{"handshake-timeout", duration, "TIME", "10s", "forward run", "for TLS, the shared key and the user"},
    option_row{"pending-bytes-max", bytes, "SIZE", "32M", "forward run",
               "decoded and not yet taken on; clients wait above it"},
    option_row{"trust-chunk-ids", choice, "yes|no", "yes", "forward run",
               "no: for clients that make a chunk's id from its content alone (Fluent Bit)"},
    option_row{"route", list, "PATTERN=URI", "", "forward",
               "send tags elsewhere; before app.** and fluent.**; may be given often"},
    option_row{"topic", text, "NAME", "nginx-logs", "forward", "the journal's topic for app.**"},

    // Journal.
    option_row{"journal", text, "DIR", "logpipe-data", "forward", "the folder of the disk buffer"},
    option_row{"journal-bytes-max", bytes, "SIZE", "8G", "forward run consume",
               "a topic's limit on disk; less where the disk has less"},
    option_row{"journal-age-max", duration, "TIME", "0", "forward run consume",
               "events older than that are dropped; 0: never"},
    option_row{"journal-keep", duration, "TIME", "0", "forward run consume",
               "keep what every reader has passed for so long"},
    option_row{"journal-full", choice, "block|drop-oldest", "block", "forward run consume", "what to do at the limit"},
    option_row{"journal-sync", choice, "every-group|interval|never", "every-group", "forward run consume",
               "when to fdatasync; acks wait for it, but for never"},
    option_row{"journal-sync-interval", duration, "TIME", "1s", "forward run consume", "for --journal-sync interval"},
    option_row{"journal-segment-bytes", bytes, "SIZE", "128M", "forward run consume", "size of a file of the journal"},
    option_row{"letters-bytes-max", bytes, "SIZE", "1G", letter_writers,
               "limit of dead letters in a journal, or in a topic of Kafka that is made for them"},
    option_row{"letters-age-max", duration, "TIME", "0", letter_writers,
               "dead letters older than that are dropped; 0: never"},
    option_row{"letters-full", choice, "drop-oldest|block", "drop-oldest", letter_writers,
               "at the limit: drop the oldest dead letters, or stop until dlq retry or purge has made room"},

    // Kafka.
    option_row{"kafka", list, "KEY=VALUE", "", kafka_users, "any property of librdkafka; may be given often"},
    option_row{"kafka-security", choice, "plaintext|ssl|sasl_plaintext|sasl_ssl", "plaintext", kafka_users,
               "how to reach the brokers"},
    option_row{"kafka-mechanism", choice, "PLAIN|SCRAM-SHA-256|SCRAM-SHA-512", "SCRAM-SHA-512", kafka_users,
               "SASL, for the user below"},
    option_row{"kafka-user", text, "NAME", "", kafka_users, "who we are"},
    option_row{"kafka-password-file", secret, "FILE", "", kafka_users, "and the password, first line of the file"},
    option_row{"client-id", text, "NAME", "logpipe", kafka_users, "as the brokers' logs and quotas name us"},
    option_row{"instance-id", text, "NAME", "", "consume index",
               "static membership: a restart within the session's time moves no partitions"},
    option_row{"start", text, "PLACE", "beginning", "consume index run",
               "where a group without a position begins: beginning, end, or a time as 2026-01-31T00:00:00Z"},
    option_row{"session-timeout", duration, "TIME", "45s", "consume index run",
               "a member that is silent for so long loses its partitions"},
    option_row{"revoke-drain", duration, "TIME", "10s", "consume index run",
               "how long a partition that is taken away may finish what is in flight"},
    option_row{"fetch-bytes-max", bytes, "SIZE", "8M", "consume index run", "read from Kafka and not yet taken on"},
    option_row{"no-create", on_off, "", "off", kafka_writers, "do not make a topic that is unknown"},
    option_row{"partitions", count, "N", "1", kafka_writers, "of a topic that is made"},
    option_row{"replication", count, "N", "1", kafka_writers, "of a topic that is made"},
    option_row{"compression", choice, "lz4|zstd|snappy|gzip|none", "lz4", kafka_writers, "of messages"},
    option_row{"send-bytes-max", bytes, "SIZE", "32M", kafka_writers, "given to Kafka and not yet acknowledged"},
    option_row{"key", text, "FIELD", "", kafka_writers,
               "this field of the record is the message's key; the id then stands in a header"},
    option_row{"tag-header", text, "NAME", "", kafka_writers, "put the event's tag into this header"},
    option_row{"flush-interval", duration, "TIME", "25ms", kafka_writers, "collect messages for so long"},
    option_row{"flush-threads", count, "N", "5", kafka_writers, "requests to a broker at a time, at most 5"},

    // OpenSearch.
    option_row{"opensearch-user", text, "NAME", "", opensearch_users, "basic authentication"},
    option_row{"opensearch-password-file", secret, "FILE", "", opensearch_users,
               "and the password, first line of the file"},
    option_row{"api-key-file", secret, "FILE", "", opensearch_users, "or an API key, first line of the file"},
    option_row{"request-timeout", duration, "TIME", "60s", opensearch_users, "for an answer of OpenSearch"},
    option_row{"bulk-bytes-max", bytes, "SIZE", "1M", "consume index run", "of one request to OpenSearch"},
    option_row{"bulk-events-max", count, "N", "2000", "consume index run", "in one request to OpenSearch"},
    option_row{"bulk-requests", count, "N", "4", "consume index run", "at a time, each over its own connection"},
    option_row{"bulk-compress", on_off, "", "off", "consume index run", "send gzip to OpenSearch"},
    option_row{"document-tries", count, "N", "10", "consume index run",
               "attempts at a document that OpenSearch fails while it takes others, before it is a dead letter"},
    option_row{"document-retry-time", duration, "TIME", "5m", "consume index run",
               "and how long after the first attempt, at least; 0 to 7d"},

    // Containers' logs.
    option_row{"positions", text, "FILE", "logpipe-data/ship.json", "ship",
               "keeps how far each container's log is shipped"},
    option_row{"limited-services", list, "NAME", "", "ship",
               "besides its own and Loki's: services that log for each line shipped; may be given often"},
    option_row{"limited-rate", count, "N", "100", "ship", "lines a second that are read of each of those"},
    option_row{"loki-user", text, "NAME", "", "ship", "basic authentication"},
    option_row{"loki-password-file", secret, "FILE", "", "ship", "and the password, first line of the file"},
    option_row{"tenant", text, "NAME", "", "ship", "for a Loki of many tenants (X-Scope-OrgID)"},
    option_row{"push-bytes", bytes, "SIZE", "1M", "ship", "lines of one request to Loki"},
    option_row{"push-age", duration, "TIME", "1s", "ship", "how long a line waits for others to go with it"},
    option_row{"streams-max", count, "N", "2000", "ship",
               "label sets in use at a time; lines of further ones share those of service other"},
    option_row{"structured-metadata", choice, "yes|no", "yes", "ship",
               "send the container's id with each line; needs Loki 3"},

    // Transform and store.
    option_row{"timestamp", choice, "receive|entry|event", "receive", "run consume check",
               "where @timestamp comes from"},
    option_row{"mapping", text, "FILE", "", mapping_users,
               "TOML: how a line becomes a document, and what the document's fields are; default: nginx's access logs "
               "(check --show-mapping prints it)"},
    option_row{"regions", list, "NAME", "", "run consume check",
               "texts for the mapping's field of choices; may be given often"},
    option_row{"full-text", choice, "yes|no", "yes", "run index",
               "keep the full-text index over the texts that the mapping names"},
    option_row{"store-age-max", duration, "TIME", "0", "run index", "documents older than that are removed; 0: never"},
    option_row{"store-rows-max", count, "N", "0", "run index", "the newest documents that are kept; 0: all"},

    // Looking.
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
    option_row{"for", text, "SUBCOMMAND", "run", "check", "whose configuration to check"},
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

}  // namespace

std::span<option_row const> option_rows() noexcept {
    return rows;
}

std::vector<option_row> option_rows_of(std::string_view subcommand) {
    std::vector<option_row> mine;
    std::ranges::copy_if(rows, std::back_inserter(mine),
                         [&](option_row const& row) { return belongs(row, subcommand); });
    return mine;
}

std::string options_markdown() {
    std::string out = "| option | default | of | what it does |\n| --- | --- | --- | --- |\n";
    for (auto const& row : rows) {
        std::string metavar{row.metavar};
        for (std::size_t at = 0; (at = metavar.find('|', at)) != std::string::npos; at += 2)
            metavar.insert(at, 1, '\\');
        out += fmt::format("| `--{}{}{}` | {} | {} | {} |\n", row.name, metavar.empty() ? "" : " ", metavar,
                           row.fallback.empty() ? std::string{} : fmt::format("`{}`", row.fallback),
                           row.subcommands == "*" ? "all" : row.subcommands, row.help);
    }
    return out;
}

}  // namespace logpipe::cli
