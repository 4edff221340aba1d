// `run`: the whole pipeline in one process. Without hops in logpipe.toml: forward protocol (or each --from) →
// journal → transform → SQLite, of which --broker puts Kafka behind the journal and --store takes the documents
// elsewhere.
#include "core/end_uri.hpp"
#include "data_mode.hpp"
#include "embedded.hpp"
#include "hops_file.hpp"
#include "kept_run_id.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace logpipe::cli {

namespace {

constexpr std::size_t receive_bytes_max = std::size_t{12} << 20U;
constexpr std::size_t forward_bytes_max = std::size_t{48} << 20U;

/// A file's tag has its path, by which its format is chosen: access.log and error.log often lie in one folder.
std::string with_path_tag(settings const& options, std::string const& from) {
    auto const uri = parse_uri(from);
    bool const has_tag = !uri || !options.is_default("tag") ||
                         std::ranges::any_of(uri->query, [](auto const& each) { return each.first == "tag"; });
    if (has_tag) return from;
    auto whole = file_uri(uri->rest) + "?tag=" + options.text("tag") + ".*";
    for (auto const& [name, value] : uri->query) whole += fmt::format("&{}={}", name, value);
    return whole;
}

/// One of several; the listener where none is named.
hop_spec receive_hop(settings const& options, std::string const& journal, std::string const& from, std::size_t index) {
    bool const is_remembered = !from.empty() && reads_files(from);
    return {.name = index == 0 ? "receive" : fmt::format("receive-{}", index + 1),
            .from = from.empty()    ? "forward://" + options.text("listen")
                    : is_remembered ? with_path_tag(options, from)
                                    : from,
            .to = journal,
            .dead_letters = journal + ".dlq",
            .group = is_remembered ? "receive" : "",
            .in_flight_bytes_max = receive_bytes_max,
            .until_end = is_remembered && options.on("once"),
            .source_failure_is_final = !from.empty() && (!is_remembered || options.on("once")),
            .continues_sink = true};
}

/// Lines that were written before we came have their own time.
std::string transform_of(settings const& options) {
    auto const& sources = options.list("from");
    bool const reads_logs = !sources.empty() && std::ranges::all_of(sources, reads_files);
    return reads_logs && options.is_default("timestamp") ? "normalize:?timestamp=logged" : "normalize";
}

pipeline_spec embedded_spec(settings const& options) {
    auto const& folder = options.text("data-dir");
    auto const journal = fmt::format("journal:{}/nginx-logs", folder);
    auto const dead_letters = journal + ".dlq";
    auto const& broker = options.text("broker") == "journal:" ? journal : options.text("broker");
    auto const& store = options.text("store");
    hop_spec index{.name = "index",
                   .from = broker,
                   .transform = transform_of(options),
                   .to = store == "sqlite:" ? fmt::format("sqlite:{}/store.sqlite", folder) : store,
                   .dead_letters = dead_letters,
                   .group = options.text("group"),
                   .in_flight_bytes_max = forward_bytes_max,
                   .opens_first = broker == journal};
    pipeline_spec spec{.name = "run", .hops = {}};
    auto const& sources = options.list("from");
    for (auto const& from : sources.empty() ? std::vector<std::string>{""} : sources)
        spec.hops.push_back(receive_hop(options, journal, from, spec.hops.size()));
    if (broker != journal)
        spec.hops.push_back({.name = "deliver",
                             .from = journal,
                             .to = broker,
                             .dead_letters = dead_letters,
                             .group = "deliver",
                             .in_flight_bytes_max = forward_bytes_max});
    spec.hops.push_back(std::move(index));
    return spec;
}

}  // namespace

result<pipeline_spec> pipeline_of_run(settings const& options, argument_list const& /*rest*/) {
    auto spec = hops_of_file(options);
    if (!spec) return spec.error();
    if (!*spec) return embedded_spec(options);
    return **std::move(spec);
}

int run_run(settings const& options, pipeline_spec const& spec) {
    auto const& folder = options.text("data-dir");
    if (auto made = make_lasting_folder(system_files(), folder); !made)
        return report_failure(options, in_context("--data-dir", made.error()));
    compare_with_data_mode(options, folder);
    kept_run_id run_id{system_files(), folder + "/run-id"};
    // A file's lines have ids of their own, whatever the run.
    bool const has_end = !std::ranges::all_of(options.list("from"), reads_files);
    auto id = has_end ? run_id.take() : result<std::string>{std::string{}};
    if (!id) return report_failure(options, id.error());
    shared_resources shared;
    std::optional<embedded_pipeline> embedded;
    if (options.hops().empty()) embedded.emplace(options, spec, shared);
    process whole{options, spec, shared, *std::move(id)};
    if (auto built = whole.build(); !built) return report_failure(options, built.error());
    embedded ? embedded->attach_to(whole) : end_with_sources(whole);
    auto const page = start_page(whole, embedded ? &*embedded : nullptr);
    if (!page) return report_failure(options, page.error());
    auto status = whole.run();
    if (embedded && status == exit_done && !embedded->produce_runs_ended()) status = exit_undrained;
    if (embedded && status == exit_done && has_end && embedded->input_ended())
        if (auto forgotten = run_id.forget(); !forgotten) return report_failure(options, forgotten.error());
    return options.on("once") ? say_dead_letters(whole.snapshot(), spec, status) : status;
}

}  // namespace logpipe::cli
