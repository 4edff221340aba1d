// Lines a second and CPU of the transform, one thread, in batches as the pump makes them.
// LOGPIPE_BENCH_LINES names a file of lines; without it, made-up ones are taken.
#include "logpipe/normalize.hpp"

#include "../support/nginx_lines.hpp"

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace {

std::vector<std::string> lines() {
    std::vector<std::string> all;
    if (char const* const path = std::getenv("LOGPIPE_BENCH_LINES")) {
        std::ifstream file{path};
        for (std::string line; std::getline(file, line);) all.push_back(line);
    } else {
        for (std::uint64_t i = 0; i < 8130; ++i) all.push_back(logpipe::test::nginx_line(i));
    }
    return all;
}

std::vector<logpipe::batch> batches() {
    std::vector<logpipe::batch> all(1);
    auto id = logpipe::event_id{.high = 0x0123456789abcdef, .low = 0xfedcba9800000000};
    for (auto const& line : lines()) {
        if (all.back().full()) all.emplace_back();
        auto& row = all.back().append(all.back().tag_index("app.follow"), id, 0, line);
        row.received_ns = 1'769'823'099'995'000'000;
        id = id.at(id.index() + 1);
    }
    return all;
}

void transform_lines(benchmark::State& state) {
    auto const change = logpipe::make_normalize({});
    auto all = batches();
    std::size_t events = 0;
    std::size_t bytes = 0;
    for (auto _ : state) {
        for (auto& batch : all) {
            change->apply(batch);
            events += batch.events.size();
            bytes += batch.records.size();
            benchmark::DoNotOptimize(batch.documents.data());
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK(transform_lines);

}  // namespace
