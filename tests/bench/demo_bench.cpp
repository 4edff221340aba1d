// How fast lines come in: made-up ones as text, through the demo source as batches, and split from text in memory.
// The aim is 5 million lines a second from the demo source, so that it never is what a measurement measures.
#include "demo_lines.hpp"
#include "line_chunker.hpp"
#include "logpipe/lines.hpp"

#include <benchmark/benchmark.h>

using namespace logpipe;

namespace {

constexpr std::size_t lines_a_round = 1024;

void count_lines(benchmark::State& state, std::uint64_t lines, std::uint64_t bytes) {
    state.SetItemsProcessed(static_cast<std::int64_t>(lines));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void make_lines(benchmark::State& state) {
    demo_lines lines{{.seed = 1, .serial = state.range(0) != 0}};
    std::string text;
    std::uint64_t made = 0, bytes = 0;
    for (auto _ : state) {
        text.clear();
        lines.append(lines_a_round, text);
        benchmark::DoNotOptimize(text.data());
        made += lines_a_round;
        bytes += text.size();
    }
    count_lines(state, made, bytes);
}
BENCHMARK(make_lines)->ArgName("serial")->Arg(0)->Arg(1);

void read_demo_source(benchmark::State& state) {
    auto const from = make_demo_source({.serial = state.range(0) != 0, .lines = {.run_id = "run"}});
    if (!from->open()) return state.SkipWithError("the demo source did not open");
    batch into;
    std::uint64_t read = 0, bytes = 0;
    for (auto _ : state) {
        into.clear();
        if (!from->read(into, steady_time::max())) return state.SkipWithError("the demo source ended");
        read += into.events.size();
        bytes += into.records.size();
    }
    count_lines(state, read, bytes);
}
BENCHMARK(read_demo_source)->ArgName("serial")->Arg(0)->Arg(1);

void split_text(benchmark::State& state) {
    std::string text;
    demo_lines{{}}.append(20'000, text);
    line_chunker chunker{{.run_id = "run"}, {}, "bench"};
    batch into;
    std::uint64_t read = 0, bytes = 0;
    for (auto _ : state) {
        for (std::string_view rest = text; !rest.empty();) {
            if (!chunker.add(rest)) break;
            chunker.take(into);
            read += into.events.size();
        }
        bytes += text.size();
    }
    count_lines(state, read, bytes);
}
BENCHMARK(split_text);

}  // namespace
