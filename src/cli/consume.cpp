// `consume` and `index`: the same hop, with the transform and without it.
#include "core/end_uri.hpp"
#include "process.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

namespace logpipe::cli {

namespace {

/// Records, their rows, and with the transform twice as much again in documents: the whole process stays below 100 MB.
constexpr std::size_t in_flight_bytes_max = std::size_t{16} << 20U;

std::string dead_letters_uri(settings const& options) {
    if (auto const& uri = options.text("dead-letters"); !uri.empty()) return uri;
    auto const& from = options.text("from");
    // A journal has one writer, so consume and index have each their own; a topic of Kafka has many.
    if (from.starts_with("journal:")) return with_suffix(from, fmt::format(".{}.dlq", options.subcommand()));
    if (from.starts_with("kafka:")) return with_suffix(from, ".dlq");
    return "file:logpipe-dead-letters.jsonl";
}

result<pipeline_spec> pipeline_of(settings const& options, std::string transform) {
    return pipeline_spec{.name = options.subcommand(),
                         .hops = {{.name = options.subcommand(),
                                   .from = options.text("from"),
                                   .transform = std::move(transform),
                                   .to = options.text("to"),
                                   .dead_letters = dead_letters_uri(options),
                                   .group = options.text("group"),
                                   .threads = options.count("threads"),
                                   .in_flight_bytes_max = in_flight_bytes_max,
                                   .until_end = options.on("once")}}};
}

}  // namespace

result<pipeline_spec> pipeline_of_consume(settings const& options, argument_list const& /*rest*/) {
    return pipeline_of(options, "normalize");
}

result<pipeline_spec> pipeline_of_index(settings const& options, argument_list const& /*rest*/) {
    return pipeline_of(options, {});
}

int run_consume(settings const& options, pipeline_spec const& spec) {
    shared_resources shared;
    process whole{options, spec, shared};
    if (auto built = whole.build(); !built) return report_failure(options, built.error());
    auto const status = whole.run();
    return options.on("once") ? say_dead_letters(whole.snapshot(), spec, status) : status;
}

}  // namespace logpipe::cli
