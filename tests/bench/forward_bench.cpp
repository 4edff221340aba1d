// PackedForward messages of 1,000 nginx lines, decoded into batches as the forward source does it, and the other way as
// the forward sink does. One thread, no sockets. items_per_second is events.
#include "chunk_encoder.hpp"
#include "event_decoder.hpp"
#include "forward_decoder.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace {

using namespace logpipe;

constexpr std::size_t events_per_chunk = 1000;

batch nginx_lines() {
    batch events;
    auto const tag = events.tag_index("app.follow");
    event_id const first{.high = 1, .low = 0};
    for (std::uint32_t i = 0; i < events_per_chunk; ++i)
        events.append(tag, first.at(i), 1'700'000'000'000'000'000 + i,
                      fmt::format(R"json({{"time": "17/May/2015:08:05:{:02} +0000", "remote_ip": "93.180.71.{}", )json"
                                  R"json("remote_user": "-", "request": "GET /downloads/product_{} HTTP/1.1", )json"
                                  R"json("response": 304, "bytes": {}, "referrer": "-", )json"
                                  R"json("agent": "Debian APT-HTTP/1.3 (0.8.16~exp12ubuntu10.21)"}})json",
                                  i % 60, i % 256, i % 3, i * 37));
    return events;
}

void decode(benchmark::State& state) {
    auto const lines = nginx_lines();
    auto const message = encode_chunk(lines, 0, lines.events.size(), "chunk", {.compress = state.range(0) != 0});
    forward_limits const limits;
    forward_decoder decoder{limits};
    event_decoder events{{.limits = limits}};
    batch into;
    for (auto _ : state) {
        std::string_view bytes = message;
        while (!bytes.empty()) {
            auto const space = decoder.space();
            auto const count = std::min(space.size(), bytes.size());
            std::memcpy(space.data(), bytes.data(), count);
            decoder.commit(count);
            bytes.remove_prefix(count);
        }
        while (auto const next = decoder.next().value()) events.append(*next, into);
        if (into.full()) into.clear();
        benchmark::DoNotOptimize(into.records.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events_per_chunk));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(lines.records.size()));
}
BENCHMARK(decode)->ArgName("gzip")->Arg(0)->Arg(1);

void encode(benchmark::State& state) {
    auto const lines = nginx_lines();
    for (auto _ : state) {
        auto const message = encode_chunk(lines, 0, lines.events.size(), "chunk", {.compress = state.range(0) != 0});
        benchmark::DoNotOptimize(message.data());
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events_per_chunk));
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(lines.records.size()));
}
BENCHMARK(encode)->ArgName("gzip")->Arg(0)->Arg(1);

}  // namespace
