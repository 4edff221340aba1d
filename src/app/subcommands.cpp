#include "subcommands.hpp"

#include <algorithm>
#include <array>

namespace logpipe {

namespace {

constexpr std::array table{
    subcommand{
        "run", "the whole pipeline in one process: forward protocol → journal → transform → SQLite", "",
        "  logpipe run --data-dir data\n"
        "  logpipe run --from access.jsonl --once --data-dir data\n"
        "  logpipe run --from 'demo:nginx?lines=1000000' --once --data-dir data\n"
        "  logpipe run --broker kafka://localhost:9092/nginx-logs --store opensearch://localhost:9200/nginx-logs\n",
        run_run},
    subcommand{"produce", "send lines to a forwarder; done when all are acked", "[URI]",
               "  logpipe produce --url https://example.org/nginx_json_logs\n"
               "  logpipe produce --file access.jsonl --to forward://127.0.0.1:24224\n"
               "  tail -F access.jsonl | logpipe produce -\n"
               "  logpipe produce --demo 'lines=51462&seed=1' --to file:demo.jsonl\n",
               run_produce},
    subcommand{"serve", "the web app: GET or POST /produceEventsToPipeline sends the data's lines", "",
               "  logpipe serve --listen 127.0.0.1:8000 --to forward://127.0.0.1:24224\n"
               "  curl -X POST http://127.0.0.1:8000/produceEventsToPipeline\n",
               run_serve},
    subcommand{"forward",
               "listen for the Fluent forward protocol; acked once the journal has it on disk; then to Kafka", "",
               "  logpipe forward --listen 0.0.0.0:24224 --to kafka://localhost:9092/nginx-logs\n"
               "  logpipe forward --journal data --to none\n"
               "  logpipe forward --journal data --route 'audit.**=file:audit.jsonl'\n",
               run_forward},
    subcommand{"consume", "events → nginx documents", "",
               "  logpipe consume --from kafka://localhost:9092/nginx-logs --to kafka://localhost:9092/nginx-events\n"
               "  logpipe consume --to opensearch://localhost:9200/nginx-logs --threads 2\n"
               "  logpipe consume --from journal:data/nginx-logs --to journal:data/nginx-events\n"
               "  logpipe consume --from journal:data/nginx-logs --to stdout: --once\n",
               run_consume},
    subcommand{
        "index", "documents → the store", "",
        "  logpipe index --from kafka://localhost:9092/nginx-events --to opensearch://localhost:9200/nginx-logs\n"
        "  logpipe index --from journal:data/nginx-events --to sqlite:data/store.sqlite\n",
        run_index},
    subcommand{"status", "how the processes are: up or not, counts, what is held, the ledger", "",
               "  logpipe status --at 127.0.0.1:9600 --at 127.0.0.1:9601\n"
               "  logpipe status --at 127.0.0.1:9600 --json\n",
               run_status},
    subcommand{"check", "check the configuration, or run one line through the transform", "",
               "  logpipe check --config logpipe.toml --for forward\n"
               "  logpipe check --line '{\"remote_ip\": \"10.0.0.1\", \"response\": 200}'\n"
               "  logpipe check --show-mapping\n",
               run_check},
    subcommand{"journal", "look into a journal: ls, check, repair, export", "ls|check|repair|export DIR/TOPIC",
               "  logpipe journal ls data/nginx-logs\n"
               "  logpipe journal check data/nginx-logs\n"
               "  logpipe journal export data/nginx-logs > lines.jsonl\n",
               run_journal},
    subcommand{"version", "the version, and those of the libraries within", "", "  logpipe version --json\n",
               run_version},
};

}  // namespace

std::span<subcommand const> subcommands() noexcept {
    return table;
}

std::vector<std::string_view> subcommand_names() {
    std::vector<std::string_view> names;
    for (auto const& each : table) names.push_back(each.name);
    return names;
}

bool is_subcommand(std::string_view name) noexcept {
    return std::ranges::find(table, name, &subcommand::name) != table.end();
}

}  // namespace logpipe
