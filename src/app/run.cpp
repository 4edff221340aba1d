// The whole pipeline in one process: forward protocol (or --from) → journal → transform → SQLite. Either embedded part
// may be swapped for the real one: --broker puts Kafka behind the journal, --store takes the documents elsewhere.
#include "base/log.hpp"
#include "logpipe/forward.hpp"
#include "logpipe/normalize.hpp"
#include "logpipe/sqlite.hpp"
#include "stage_options.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace logpipe {

namespace {

/// A run id that a crash leaves behind: starting again then repeats the same events, which meet their own ids, instead
/// of adding them once more. A run that came to its end takes it away.
class kept_run_id final {
  public:
    explicit kept_run_id(std::string path) : path_{std::move(path)} {}

    [[nodiscard]] result<std::string> take() {
        std::string id;
        if (std::ifstream file{path_}; std::getline(file, id) && !id.empty()) {
            log_info("run: an earlier run did not end; its run id {} is taken up, what it stored is not stored again",
                     id);
            return id;
        }
        id = make_run_id();
        std::ofstream file{path_};
        file << id << '\n';
        file.close();
        if (!file) return error{errc::storage_failed, fmt::format("{}: cannot be written", path_)};
        return id;
    }
    void forget() { std::filesystem::remove(path_); }

  private:
    std::string const path_;
};

result<std::unique_ptr<source>> make_input(endpoints& ends) {
    if (auto const& from = ends.options().text("from"); !from.empty()) return ends.make_source(from);
    auto listener = forward_source_options_of(ends.options());
    if (!listener) return listener.error();
    return make_forward_source(*std::move(listener));
}

struct embedded_parts {
    std::shared_ptr<journal> topic;
    std::shared_ptr<journal> letters;
};

result<embedded_parts> open_parts(endpoints& ends, std::string const& folder) {
    auto topic = ends.open_topic(folder + "/nginx-logs");
    if (!topic) return topic.error();
    auto letters = ends.open_topic(folder + "/nginx-logs.dlq");
    if (!letters) return letters.error();
    return embedded_parts{*topic, *letters};
}

/// --broker and --store, with the embedded ones' places filled in.
std::string broker_uri(settings const& options) {
    auto const& uri = options.text("broker");
    return uri == "journal:" ? fmt::format("journal:{}/nginx-logs", options.text("data-dir")) : uri;
}

std::string store_uri(settings const& options) {
    auto const& uri = options.text("store");
    return uri == "sqlite:" ? fmt::format("sqlite:{}/store.sqlite", options.text("data-dir")) : uri;
}

/// What fills the journal, what empties it into Kafka where there is a --broker, and what indexes.
result<> add_pumps(process& whole, endpoints& ends, embedded_parts const& parts, dead_letters& dead) {
    auto const& options = ends.options();
    bool const has_end = !options.text("from").empty();
    auto const broker = broker_uri(options);
    bool const embedded = broker.starts_with("journal:");
    auto input = make_input(ends);
    if (!input) return input.error();
    auto store = ends.make_sink(store_uri(options));
    if (!store) return store.error();
    whole.add(make_pump(
        {.from = *std::move(input), .change = nullptr, .to = parts.topic->make_sink(), .dead = &dead},
        {.name = "receive", .in_flight_bytes_max = std::size_t{8} << 20U, .source_failure_is_final = has_end}));
    if (!embedded) {
        auto to_broker = ends.make_sink(broker);
        if (!to_broker) return to_broker.error();
        whole.add(make_pump({.from = parts.topic->make_source("deliver"),
                             .change = nullptr,
                             .to = *std::move(to_broker),
                             .dead = &dead},
                            {.name = "deliver", .in_flight_bytes_max = std::size_t{16} << 20U}));
    }
    auto from = embedded ? parts.topic->make_source(options.text("group")) : ends.make_source(broker);
    if (!from) return from.error();
    whole.add(make_pump({.from = *std::move(from),
                         .change = make_normalize(normalize_options_of(options)),
                         .to = *std::move(store),
                         .dead = &dead},
                        {.name = "index", .in_flight_bytes_max = std::size_t{16} << 20U}),
              embedded ? start_order::before_others : start_order::with_others);
    return {};
}

/// Whether the group has committed all that the topic holds. Asks the cluster: the pumps' own figures of it are old.
class broker_end final {
  public:
    explicit broker_end(settings const& options) : options_{options} {}

    [[nodiscard]] bool is_reached() {
        if (!admin_ && !connect()) return false;
        auto const partitions = admin_->partitions(topic_);
        auto const group = admin_->group(options_.text("group"), topic_);
        if (!partitions || !group) return false;
        return std::ranges::all_of(*partitions, [&](kafka_partition const& each) {
            auto const at = std::ranges::find(group->positions, each.partition, &kafka_group_position::partition);
            return each.end == each.begin || (at != group->positions.end() && at->committed >= each.end);
        });
    }

  private:
    bool connect() {
        auto const uri = parse_uri(broker_uri(options_));
        if (!uri) return false;
        auto place = kafka_place_of(options_, *uri);
        if (!place) return false;
        topic_ = place->topic;
        auto made = make_kafka_admin(std::move(place->connection), std::chrono::seconds{5});
        if (made) admin_ = *std::move(made);
        return made.has_value();
    }

    settings const& options_;
    std::string topic_;
    std::unique_ptr<kafka_admin> admin_;
};

int run_with(settings const& options, endpoints& ends, kept_run_id& run_id) {
    auto parts = open_parts(ends, options.text("data-dir"));
    if (!parts) return report_failure(options, parts.error());
    bool const has_end = !options.text("from").empty();
    auto const begin = parts->topic->synced_offset();
    auto const dead = make_dead_letters(parts->letters->make_sink());

    process whole{options};
    if (auto added = add_pumps(whole, ends, *parts, *dead); !added) return report_failure(options, added.error());
    whole.set_book([begin](process_snapshot const& now) {
        return now.pumps.size() == 2 ? journal_book(now, begin) : broker_book(now);
    });
    broker_end broker{options};
    if (options.on("once"))
        whole.ends_when([&broker](process_snapshot const& now) {
            if (!now.ready || !now.pumps.front().finished) return false;
            if (now.pumps.size() == 2) return now.book.in_flight == 0;
            auto const& deliver = now.pumps.at(1);
            return gauge_of(deliver.stages.front(), "journal_unread_events") == 0 && deliver.book.in_flight == 0 &&
                   broker.is_reached();
        });
    bool came_to_end = false;
    whole.on_tick([&](process_snapshot const& now) {
        came_to_end = came_to_end || (now.pumps.front().finished && !now.draining);
    });
    auto const status = whole.run();
    if (status == exit_done && has_end && came_to_end) run_id.forget();
    return status;
}

}  // namespace

int run_run(settings const& options, argument_list const& /*rest*/) {
    auto const& folder = options.text("data-dir");
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed)
        return report_failure(options,
                              {errc::storage_failed, fmt::format("--data-dir {}: {}", folder, failed.message())});
    kept_run_id run_id{folder + "/run-id"};
    std::string id;
    if (!options.text("from").empty()) {
        auto taken = run_id.take();
        if (!taken) return report_failure(options, taken.error());
        id = *std::move(taken);
    }
    endpoints ends{options, std::move(id)};
    return run_with(options, ends, run_id);
}

}  // namespace logpipe
