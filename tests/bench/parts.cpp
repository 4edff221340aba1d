// The parts of the pipeline, one thread each, without sockets.
//
//     bench_parts [--benchmark_filter=REGEX and other options of Google Benchmark]
//     bench_parts --rounds COUNT NAME   does that part so often and prints its events a round, for
//     instruction_counts.py bench_parts --names               of all parts bench_parts --compiler            that made
//     it
#include "part.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace {

using namespace logpipe::bench;

std::vector<part> all_parts() {
    std::vector<part> all;
    for (auto const& some : {forward_parts(), journal_parts(), normalize_parts(), opensearch_parts(), demo_parts()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

void measure(benchmark::State& state, part const& measured) {
    auto const ready = measured.prepare();
    for (auto _ : state) ready.round();
    auto const rounds = static_cast<std::int64_t>(state.iterations());
    state.SetItemsProcessed(rounds * static_cast<std::int64_t>(ready.events));
    state.SetBytesProcessed(rounds * static_cast<std::int64_t>(ready.bytes));
}

int do_rounds(std::uint64_t count, std::string_view name) {
    for (auto const& each : all_parts()) {
        if (each.name != name) continue;
        auto const ready = each.prepare();
        for (std::uint64_t i = 0; i < count; ++i) ready.round();
        std::printf("%llu\n", static_cast<unsigned long long>(ready.events));
        return 0;
    }
    std::fprintf(stderr, "bench_parts: no part has this name\n");
    return 2;
}

}  // namespace

int main(int count, char** arguments) {
    if (count == 4 && std::strcmp(arguments[1], "--rounds") == 0)
        return do_rounds(std::strtoull(arguments[2], nullptr, 10), arguments[3]);
    auto const all = all_parts();
    if (count == 2 && std::strcmp(arguments[1], "--names") == 0) {
        for (auto const& each : all) std::puts(each.name.c_str());
        return 0;
    }
    if (count == 2 && std::strcmp(arguments[1], "--compiler") == 0) {
#ifdef __clang__
        std::printf("clang %d.%d\n", __clang_major__, __clang_minor__);
#else
        std::printf("g++ %d.%d\n", __GNUC__, __GNUC_MINOR__);
#endif
        return 0;
    }
    for (auto const& each : all) {
        auto* const made =
            benchmark::RegisterBenchmark(each.name.c_str(), [&each](benchmark::State& state) { measure(state, each); });
        if (each.waits) made->UseRealTime();
    }
    benchmark::Initialize(&count, arguments);
    if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 2;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
