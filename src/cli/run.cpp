// The whole pipeline in one process: forward protocol (or --from) → journal → transform → SQLite. Either embedded part
// may be swapped for the real one: --broker puts Kafka behind the journal, --store takes the documents elsewhere.
#include "core/end_uri.hpp"
#include "core/log.hpp"
#include "data_mode.hpp"
#include "formats/normalize.hpp"
#include "kafka/kafka_admin.hpp"
#include "kept_run_id.hpp"
#include "page.hpp"
#include "places.hpp"
#include "runtime/dead_letters.hpp"
#include "store/sqlite.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"
#include "transform_options.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::cli {

using namespace std::chrono_literals;

namespace {

result<std::unique_ptr<source>> make_input(endpoints& ends) {
    auto const& from = ends.options().text("from");
    return ends.make_source(from.empty() ? "forward://" + ends.options().text("listen") : from);
}

struct embedded_parts {
    std::shared_ptr<journal::topic> topic;
    std::shared_ptr<journal::topic> letters;
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
    whole.add(runtime::make_pump(
        {.from = *std::move(input), .change = nullptr, .to = parts.topic->make_sink(), .dead = &dead},
        {.name = "receive", .in_flight_bytes_max = std::size_t{8} << 20U, .source_failure_is_final = has_end}));
    if (!embedded) {
        auto to_broker = ends.make_sink(broker);
        if (!to_broker) return to_broker.error();
        whole.add(runtime::make_pump({.from = parts.topic->make_source("deliver"),
                                      .change = nullptr,
                                      .to = *std::move(to_broker),
                                      .dead = &dead},
                                     {.name = "deliver", .in_flight_bytes_max = std::size_t{16} << 20U}));
    }
    auto normalize = normalize_options_of(options);
    if (!normalize) return normalize.error();
    auto from = embedded ? parts.topic->make_source(options.text("group")) : ends.make_source(broker);
    if (!from) return from.error();
    whole.add(runtime::make_pump({.from = *std::move(from),
                                  .change = formats::make_normalize(*std::move(normalize)),
                                  .to = *std::move(store),
                                  .dead = &dead},
                                 {.name = "index", .in_flight_bytes_max = std::size_t{16} << 20U}),
              embedded ? start_order::before_others : start_order::with_others);
    return {};
}

/// A produce run goes straight into the journal, where a client's chunks go as well.
result<transfer> make_run_produce(settings const& options, embedded_parts const& parts, std::string const& source) {
    endpoints ends{options};
    auto from = ends.make_source(source);
    if (!from) return from.error();
    transfer made{.dead = runtime::make_dead_letters(parts.letters->make_sink(), runtime::letter_form::bundle),
                  .moving = nullptr};
    made.moving = runtime::make_pump(
        {.from = *std::move(from), .change = nullptr, .to = parts.topic->make_sink(), .dead = made.dead.get()},
        {.name = "produce", .source_failure_is_final = true});
    return made;
}

/// What came into the journal beside the first pump, added to the ledger.
void add_beside(process_snapshot& now, produce_runs const& runs, std::uint64_t retried) {
    bool const counts_journal = now.pumps.size() == 2;
    auto beside = runs.look();
    auto const& counts = beside.book.counts;
    // Behind a broker, `in` is what its terms come to; else it is counted where it enters.
    now.book.counts.in +=
        counts_journal ? counts.in + retried : counts.already_there + counts.dead + beside.book.not_safe();
    now.book.counts.already_there += counts.already_there;
    now.book.counts.dead += counts.dead;
    now.book.in_flight += beside.book.in_flight;
    now.book.taken += beside.book.taken;
    if (beside.now) now.pumps.push_back(*std::move(beside.now));
}

/// The page, with the process, the store and the dead letters behind it.
result<std::unique_ptr<web::web_server>> start_page(settings const& options, process const& whole,
                                                    embedded_parts const& parts, produce_runs& runs,
                                                    std::atomic<std::uint64_t>& retried) {
    auto const& listen = options.text("page");
    auto web = web_options_of(options, listen, runs);
    if (!web) return web.error();
    web->look = [&whole] { return whole.snapshot(); };
    web->tap = [&whole](std::string const& stage, std::uint64_t sample) { return whole.open_tap(stage, sample); };
    web->page->watch = [&whole] {
        return std::vector<web::watched_process>{{.address = {}, .now = whole.snapshot(), .reason = {}}};
    };
    web->page->open_logs = logs_of(store_uri(options), web->page->documents);
    web->page->letters =
        make_run_letters(options.text("data-dir") + "/nginx-logs.dlq", parts.letters, parts.topic, retried);
    auto server = web::start_web_server(*std::move(web));
    if (server) {
        log_info("run: the page is at {}://{}", options.text("page-certificate").empty() ? "http" : "https", listen);
    } else if (server.error().code == errc::busy && options.is_default("page")) {
        // The pipeline is worth more than its page; whoever named the address wants it there.
        log_warn("run: no page: {}; --page names another address", server.error().message);
        return std::unique_ptr<web::web_server>{};
    }
    return server;
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
        return std::ranges::all_of(*partitions, [&](kafka::kafka_partition const& each) {
            auto const at =
                std::ranges::find(group->positions, each.partition, &kafka::kafka_group_position::partition);
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
        auto made = kafka::make_kafka_admin(std::move(place->connection), std::chrono::seconds{5});
        if (made) admin_ = *std::move(made);
        return made.has_value();
    }

    settings const& options_;
    std::string topic_;
    std::unique_ptr<kafka::kafka_admin> admin_;
};

int run_with(settings const& options, endpoints& ends, kept_run_id& run_id) {
    auto parts = open_parts(ends, options.text("data-dir"));
    if (!parts) return report_failure(options, parts.error());
    bool const has_end = !options.text("from").empty();
    auto const begin = parts->topic->synced_offset();
    auto const dead = runtime::make_dead_letters(parts->letters->make_sink(), runtime::letter_form::bundle);

    produce_runs runs{options, [&](std::string const& source) { return make_run_produce(options, *parts, source); },
                      options.text("url"), "the journal"};
    std::atomic<std::uint64_t> retried = 0;
    process whole{options};
    whole.show_letters(*dead);
    whole.on_tick([&ends](process_snapshot const&) { ends.tend(); });
    if (auto added = add_pumps(whole, ends, *parts, *dead); !added) return report_failure(options, added.error());
    whole.set_book([begin](process_snapshot& now) {
        return now.pumps.size() == 2 ? journal_book(now, begin) : broker_book(now, begin);
    });
    broker_end broker{options};
    if (options.on("once"))
        whole.ends_when([&broker](process_snapshot const& now) {
            if (!now.ready || !now.pumps.front().finished) return false;
            if (now.pumps.size() == 2) return now.book.not_safe() == 0;
            return waiting_events(now.pumps.at(1)) == 0 && broker.is_reached();
        });
    bool came_to_end = false;
    whole.on_tick([&](process_snapshot const& now) {
        came_to_end = came_to_end || (now.pumps.front().finished && !now.draining);
    });
    whole.also_look([&](process_snapshot& now) { add_beside(now, runs, retried); });
    bool runs_ended = true;
    whole.before_drain([&] { runs_ended = runs.end([] { return signal_came(20ms); }); });
    std::unique_ptr<web::web_server> page;
    if (options.text("page") != "none") {
        auto started = start_page(options, whole, *parts, runs, retried);
        if (!started) return report_failure(options, in_context("--page", started.error()));
        page = *std::move(started);
    }
    auto status = whole.run();
    if (status == exit_done && !runs_ended) status = exit_undrained;
    if (status == exit_done && has_end && came_to_end) {
        if (auto forgotten = run_id.forget(); !forgotten) return report_failure(options, forgotten.error());
    }
    if (!options.on("once")) return status;
    return say_dead_letters(whole.snapshot(), fmt::format("journal:{}/nginx-logs.dlq", options.text("data-dir")), 1,
                            status);
}

}  // namespace

int run_run(settings const& options, argument_list const& /*rest*/) {
    auto const& folder = options.text("data-dir");
    if (auto made = make_lasting_folder(system_files(), folder); !made)
        return report_failure(options, in_context("--data-dir", made.error()));
    compare_with_data_mode(options, folder);
    kept_run_id run_id{system_files(), folder + "/run-id"};
    std::string id;
    if (!options.text("from").empty()) {
        auto taken = run_id.take();
        if (!taken) return report_failure(options, taken.error());
        id = *std::move(taken);
    }
    endpoints ends{options, std::move(id)};
    return run_with(options, ends, run_id);
}

}  // namespace logpipe::cli
