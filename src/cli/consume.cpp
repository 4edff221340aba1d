// `consume` and `index`: the same pump, with the transform and without it.
#include "formats/normalize.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"
#include "transform_options.hpp"

#include <fmt/format.h>

#include <functional>

namespace logpipe::cli {

namespace {

using transform_maker = std::function<std::unique_ptr<transform>()>;

ledger sum_of_books(process_snapshot const& now) {
    ledger sum;
    for (auto const& each : now.pumps) {
        sum.counts += each.book.counts;
        sum.passed += each.book.passed;
        sum.in_flight += each.book.in_flight;
        sum.taken += each.book.taken;
    }
    return sum;
}

result<runtime::pump_stages> make_stages(endpoints& ends, transform_maker const& make_transform, dead_letters& dead) {
    auto const& options = ends.options();
    auto from = ends.make_source(options.text("from"));
    if (!from) return from.error();
    auto to = ends.make_sink(options.text("to"));
    if (!to) return to.error();
    return runtime::pump_stages{
        .from = *std::move(from), .change = make_transform(), .to = *std::move(to), .dead = &dead};
}

int move(settings const& options, transform_maker const& make_transform) {
    auto const& from = options.text("from");
    auto const threads = options.count("threads");
    if (threads == 0 || threads > 64)
        return report_failure(options, {errc::invalid_argument, "--threads: must be from 1 to 64"});
    if (threads > 1 && !from.starts_with("kafka:"))
        return report_failure(options,
                              {errc::invalid_argument, "--threads: only a Kafka topic can be read by several"});
    if (from == options.text("to"))
        return report_failure(options,
                              {errc::invalid_argument,
                               fmt::format("--from and --to are both {}: what is written would be read again", from)});
    endpoints ends{options};
    auto const dead = ends.make_letters(dead_letters_uri(options));
    if (!dead) return report_failure(options, dead.error());

    process whole{options};
    whole.show_letters(**dead);
    whole.on_tick([&ends](process_snapshot const&) { ends.tend(); });
    whole.output_is_data(writes_to_standard_output(options.text("to")));
    for (std::uint64_t i = 0; i < threads; ++i) {
        auto stages = make_stages(ends, make_transform, **dead);
        if (!stages) return report_failure(options, stages.error());
        auto const name = threads == 1 ? options.subcommand() : fmt::format("{}-{}", options.subcommand(), i);
        // Records, and with the transform twice as much again in documents: the whole process stays below 100 MB.
        whole.add(runtime::make_pump(*std::move(stages), {.name = name, .in_flight_bytes_max = std::size_t{4} << 20U}));
    }
    whole.set_book(sum_of_books);
    auto const status = whole.run();
    if (!options.on("once")) return status;
    return say_dead_letters(whole.snapshot(), dead_letters_uri(options), threads, status);
}

}  // namespace

int run_consume(settings const& options, argument_list const& /*rest*/) {
    auto const normalize = normalize_options_of(options);
    if (!normalize) return report_failure(options, normalize.error());
    return move(options, [&] { return formats::make_normalize(*normalize); });
}

int run_index(settings const& options, argument_list const& /*rest*/) {
    return move(options, [] { return nullptr; });
}

}  // namespace logpipe::cli
