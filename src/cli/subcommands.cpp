#include "subcommands.hpp"

#include "core/end_uri.hpp"
#include "ends.hpp"
#include "uses.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace logpipe::cli {

namespace {

constexpr std::array moves{end_role::source, end_role::sink};
constexpr std::array transforms{end_role::source, end_role::sink, end_role::transform};
constexpr std::array stores{end_role::source, end_role::sink, end_role::documents};
constexpr std::array requests{end_role::requests};
constexpr std::array sets_up{end_role::requests, end_role::set_up, end_role::documents};
constexpr std::array skips{end_role::sink, end_role::requests, end_role::documents};
constexpr std::array checks{end_role::transform};

constexpr std::array table{
    subcommand{
        "run", "the whole pipeline in one process: forward protocol → journal → transform → SQLite", "",
        "  logpipe run --data-dir data\n"
        "  logpipe run --from access.jsonl --once --data-dir data\n"
        "  logpipe run --from 'demo:nginx?lines=1000000' --once --data-dir data\n"
        "  logpipe run --broker kafka://localhost:9092/nginx-logs --store opensearch://localhost:9200/nginx-logs\n",
        transforms, uses_of_run, pipeline_of_run, run_run},
    subcommand{"produce", "send lines to a forwarder; ends when all are acked", "[URI]",
               "  logpipe produce --url https://example.org/nginx_json_logs\n"
               "  logpipe produce --file access.jsonl --to forward://127.0.0.1:24224\n"
               "  tail -F access.jsonl | logpipe produce -\n"
               "  logpipe produce --demo 'lines=51462&seed=1' --to file:demo.jsonl\n",
               moves, nullptr, pipeline_of_produce, run_produce},
    subcommand{"serve", "the web app: a GET or POST of /produceEventsToPipeline sends the lines of --url", "",
               "  logpipe serve --listen 127.0.0.1:8000 --to forward://127.0.0.1:24224\n"
               "  curl -X POST http://127.0.0.1:8000/produceEventsToPipeline\n",
               stores, uses_of_serve, nullptr, nullptr, run_serve},
    subcommand{
        "forward",
        "receive events by the Fluent forward protocol; acked once they are on disk in the journal, then sent to Kafka",
        "",
        "  logpipe forward --listen 0.0.0.0:24224 --to kafka://localhost:9092/nginx-logs\n"
        "  logpipe forward --journal data --to none\n"
        "  logpipe forward --from ingest://127.0.0.1:8080 --to kafka://localhost:9092/nginx-logs\n"
        "  logpipe forward --journal data --route 'audit.**=file:audit.jsonl'\n",
        moves, nullptr, pipeline_of_forward, run_forward},
    subcommand{"consume", "events → documents, nginx's unless --mapping says otherwise", "",
               "  logpipe consume --from kafka://localhost:9092/nginx-logs --to kafka://localhost:9092/nginx-events\n"
               "  logpipe consume --to opensearch://localhost:9200/nginx-logs --threads 2\n"
               "  logpipe consume --from journal:data/nginx-logs --to journal:data/nginx-events\n"
               "  logpipe consume --from journal:data/nginx-logs --to stdout: --once\n",
               transforms, nullptr, pipeline_of_consume, run_consume},
    subcommand{
        "index", "documents → the store", "",
        "  logpipe index --from kafka://localhost:9092/nginx-events --to opensearch://localhost:9200/nginx-logs\n"
        "  logpipe index --from journal:data/nginx-events --to sqlite:data/store.sqlite\n",
        stores, nullptr, pipeline_of_index, run_consume},
    subcommand{"ship", "the logs of Docker's containers → Loki", "",
               "  logpipe ship --from 'docker:?project=logpipe' --to loki://localhost:3100\n"
               "  logpipe ship --from 'docker:?label=com.example.logs=yes' --to stdout:\n",
               moves, nullptr, pipeline_of_ship, run_ship},
    subcommand{"status", "state, version and main figure of every component, and the ledger of every hop", "",
               "  logpipe status --at 127.0.0.1:24230\n"
               "  logpipe status --brokers localhost:9092 --opensearch http://localhost:9200 --json\n"
               "  logpipe status --watch\n"
               "  logpipe status --self\n",
               requests, uses_of_status, nullptr, nullptr, run_status},
    subcommand{"monitor", "live view of rates, lag, queues, latency and warnings; q quits, ? helps", "",
               "  logpipe monitor\n"
               "  logpipe monitor --at 127.0.0.1:24230 --plain\n",
               requests, uses_of_status, nullptr, nullptr, run_monitor},
    subcommand{"tap", "show events as they pass a stage or enter a topic, without slowing them", "STAGE|URI",
               "  logpipe tap normalize --at 127.0.0.1:24230\n"
               "  logpipe tap index/sqlite_sink --sample 100 --readable\n"
               "  logpipe tap journal:data/nginx-logs --count 10\n",
               requests, uses_of_argument, nullptr, nullptr, run_tap},
    subcommand{"dlq", "list, show, retry and purge dead letters", "ls|show|retry|purge URI [ID…]",
               "  logpipe dlq ls kafka://localhost:9092/nginx-logs.dlq\n"
               "  logpipe dlq show journal:data/nginx-logs.dlq 3ab9vjn2kpfd1qmtg2s8k0009s\n"
               "  logpipe dlq retry kafka://localhost:9092/nginx-logs.dlq --reason mapper_parsing --dry-run\n",
               requests, uses_of_dlq, nullptr, nullptr, run_dlq},
    subcommand{"verify", "check that every event is in the store or a dead letter; exit status 1 if not", "",
               "  logpipe verify --from kafka://localhost:9092/nginx-logs --to opensearch://localhost:9200/nginx-logs\n"
               "  logpipe verify --ids --from journal:data/nginx-logs --to sqlite:data/store.sqlite\n",
               requests, uses_of_verify, nullptr, nullptr, run_verify},
    subcommand{
        "trace", "one event's life over all topics, dead letters and the store, by its id or its line", "ID|LINE",
        "  logpipe trace 3ab9vjn2kpfd1qmtg2s8k0009s --from journal:data/nginx-logs --to sqlite:data/store.sqlite\n"
        "  logpipe trace 'GET /downloads/product_1' --count 3 --json\n",
        requests, uses_of_verify, nullptr, nullptr, run_trace},
    subcommand{"replay", "move a group's position in a topic; events that come again are recognised by their ids", "",
               "  logpipe replay --group index --from kafka://localhost:9092/nginx-events --to beginning --dry-run\n"
               "  logpipe replay --group consume --to 2026-01-31T00:00:00Z\n",
               requests, uses_of_verify, nullptr, nullptr, run_replay},
    subcommand{"skip", "move a group past events that stop its reader; they become dead letters", "",
               "  logpipe skip --group consume --from kafka://localhost:9092/nginx-logs --at 0:1234 --dry-run\n"
               "  logpipe skip --group index --from journal:data/nginx-events --at 1234 --yes\n",
               skips, uses_of_skip, nullptr, nullptr, run_skip},
    subcommand{"setup", "put OpenSearch's index template", "opensearch",
               "  logpipe setup opensearch --to opensearch://localhost:9200/nginx-logs --dry-run\n", sets_up,
               uses_of_setup, nullptr, nullptr, run_setup},
    subcommand{"check", "check the configuration and draw the pipeline, or run lines through the transform", "",
               "  logpipe check --config logpipe.toml --for forward\n"
               "  logpipe check --line '{\"request\": \"GET / HTTP/1.1\", \"response\": 200}'\n"
               "  logpipe check --show-mapping > mapping.toml\n"
               "  logpipe check --mapping mapping.toml --file access.log\n"
               "  logpipe check --tests mapping_test.toml\n",
               checks, nullptr, nullptr, nullptr, run_check},
    subcommand{"journal",
               "inspect a journal: ls, check, repair, export",
               "ls|check|repair|export DIR/TOPIC",
               "  logpipe journal ls data/nginx-logs\n"
               "  logpipe journal check data/nginx-logs\n"
               "  logpipe journal export data/nginx-logs > lines.jsonl\n",
               {},
               nullptr,
               nullptr,
               nullptr,
               run_journal},
    subcommand{
        "simulate",
        "run whole pipelines in virtual time with faults at any moment; each seed is the same history every time",
        "",
        "  logpipe simulate --seeds 1000\n"
        "  logpipe simulate --seed 4711 --seeds 1 --hours 24\n",
        {},
        nullptr,
        nullptr,
        nullptr,
        run_simulate},
    subcommand{"torture",
               "kill the pipeline at random moments on your own disk, then look whether each line is stored once",
               "",
               "  logpipe torture --data-dir /var/tmp\n"
               "  logpipe torture --data-dir /mnt/data --kills 200 --lines 5000000 --rate 20000\n",
               {},
               nullptr,
               nullptr,
               nullptr,
               run_torture},
    subcommand{"help",
               "what an end (kafka, opensearch, files, …) is, and its options",
               "[END]",
               "  logpipe help opensearch\n"
               "  logpipe help kafka\n",
               {},
               nullptr,
               nullptr,
               nullptr,
               run_help},
    subcommand{"version",
               "the version, and those of the libraries in the program",
               "",
               "  logpipe version --json\n",
               {},
               nullptr,
               nullptr,
               nullptr,
               run_version},
};

}  // namespace

std::span<end_role const> roles_of(std::string_view name) noexcept {
    auto const* found = subcommand_of_name(name);
    return found == nullptr ? std::span<end_role const>{} : found->roles;
}

std::span<subcommand const> subcommands() noexcept {
    return table;
}

std::vector<std::string_view> subcommand_names() {
    std::vector<std::string_view> names;
    for (auto const& each : table) names.push_back(each.name);
    return names;
}

subcommand const* subcommand_of_name(std::string_view name) noexcept {
    auto const found = std::ranges::find(table, name, &subcommand::name);
    return found == table.end() ? nullptr : found;
}

namespace {

/// What clients may send has no end to wait for.
result<> check_once(pipeline_spec const& spec, settings const& options) {
    if (!options.on("once")) return {};
    for (auto const& hop : spec.hops) {
        auto const from = parse_uri(hop.from);
        auto const* const end = from ? end_of_scheme(from->scheme) : nullptr;
        if (end != nullptr && end->listens)
            return error{errc::invalid_argument, fmt::format("--once: {} waits for clients, which has no end; give a "
                                                             "source that ends, such as --from FILE",
                                                             without_login(hop.from))};
    }
    return {};
}

}  // namespace

result<std::optional<pipeline_spec>> pipeline_of(subcommand const& which, settings const& options,
                                                 argument_list const& rest) {
    if (which.pipeline == nullptr) return std::optional<pipeline_spec>{};
    auto spec = which.pipeline(options, rest);
    if (!spec) return spec.error();
    if (auto good = check(*spec); !good) return good.error();
    if (auto good = check_once(*spec, options); !good) return good.error();
    return std::optional{*std::move(spec)};
}

std::vector<used_end> uses_of(subcommand const& which, settings const& options, argument_list const& rest,
                              pipeline_spec const* spec) {
    auto used = which.uses == nullptr ? std::vector<used_end>{} : which.uses(options, rest);
    if (spec == nullptr) return used;
    for (auto const& hop : spec->hops) {
        used.push_back({hop.from, end_role::source});
        used.push_back({hop.to, end_role::sink});
        used.push_back({hop.dead_letters, end_role::sink});
        for (auto const& route : hop.routes) used.push_back({route.to, end_role::sink});
    }
    return used;
}

}  // namespace logpipe::cli
