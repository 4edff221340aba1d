// The journal: how fast batches of nginx lines are appended (with and without fsync) and read back, how fast frames are
// encoded and checked without a disk, and how long a journal takes to open.
#include "base/chunk_hash.hpp"
#include "frame_encoder.hpp"
#include "logpipe/journal.hpp"
#include "segment_format.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

using namespace logpipe;

namespace {

constexpr std::size_t lines_in_batch = 4096;

class folder_for_run final {
  public:
    folder_for_run() {
        auto pattern = (std::filesystem::temp_directory_path() / "logpipe-bench-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
        path_ = pattern;
    }
    ~folder_for_run() { std::filesystem::remove_all(path_); }
    folder_for_run(folder_for_run const&) = delete;
    folder_for_run& operator=(folder_for_run const&) = delete;
    [[nodiscard]] std::string topic() const { return path_ + "/topic"; }

  private:
    std::string path_;
};

class keep_one final : public completions {
  public:
    void done(batch&& events) override { last = std::move(events); }
    batch last;
};

batch nginx_batch() {
    batch events;
    auto const tag = events.tag_index("app.follow");
    auto const chunk = chunk_hash("app.follow", "bench", "bench");
    for (std::size_t i = 0; i < lines_in_batch; ++i) {
        auto const line =
            fmt::format(R"({{"time":"17/May/2015:08:05:{:02} +0000","remote_ip":"93.180.71.{}","remote_user":"-",)"
                        R"("request":"GET /downloads/product_{} HTTP/1.1","response":304,"bytes":0,)"
                        R"("referrer":"-","agent":"Debian APT-HTTP/1.3 0.8.16~exp12ubuntu10.21"}})",
                        i % 60, i % 256, i % 7);
        events.append(tag, chunk.at(static_cast<std::uint32_t>(i)), 1'431'849'925'000'000'000, line);
    }
    return events;
}

void set_rates(benchmark::State& state, std::size_t bytes) {
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes) * state.iterations());
    state.SetItemsProcessed(static_cast<std::int64_t>(lines_in_batch) * state.iterations());
}

void encode_frames(benchmark::State& state) {
    auto const events = nginx_batch();
    topic::frame_encoder encoder;
    for (auto _ : state) {
        encoder.begin(events, 1);
        if (!encoder.next().value()) throw std::logic_error{"nothing to encode"};
        encoder.keep(1, 0);
        benchmark::DoNotOptimize(encoder.parts().data());
    }
    set_rates(state, events.records.size());
}
BENCHMARK(encode_frames);

void decode_frames(benchmark::State& state) {
    auto const events = nginx_batch();
    topic::frame_encoder encoder;
    encoder.begin(events, 1);
    if (!encoder.next().value()) throw std::logic_error{"nothing to encode"};
    encoder.keep(1, 0);
    std::string bytes;
    for (auto const part : encoder.parts()) bytes += part;
    batch into;
    for (auto _ : state) {
        into.clear();
        auto const header = topic::read_header(bytes);
        auto const payload = std::string_view{bytes}.substr(topic::header_bytes);
        if (!header || !topic::payload_is_whole(*header, payload)) throw std::logic_error{"a bad frame"};
        topic::append_events(*header, payload, 0, into);
        benchmark::DoNotOptimize(into.events.data());
    }
    set_rates(state, events.records.size());
}
BENCHMARK(decode_frames);

/// One batch after the other; chunks are new each time, as from a client.
void append(benchmark::State& state, journal_sync sync) {
    folder_for_run const folder;
    auto const opened = open_journal({.folder = folder.topic(),
                                      .bytes_max = std::uint64_t{2} << 30U,
                                      .when_full = journal_full::drop_oldest,
                                      .sync = sync});
    if (!opened) throw std::runtime_error{opened.error().message};
    keep_one reports;
    auto const to = (*opened)->make_sink();
    auto events = nginx_batch();
    auto const bytes = events.records.size();
    if (!to->open(reports)) throw std::runtime_error{"no sink"};
    for (auto _ : state) {
        for (auto& row : events.events) ++row.id.high;
        if (!to->write(events) || !to->flush()) throw std::runtime_error{"not written"};
        events = std::move(reports.last);
        events.counts = {};
    }
    set_rates(state, bytes);
}
void append_unsynced(benchmark::State& state) {
    append(state, journal_sync::never);
}
BENCHMARK(append_unsynced);
void append_synced_each_batch(benchmark::State& state) {
    append(state, journal_sync::every_group);
}
BENCHMARK(append_synced_each_batch)->UseRealTime();

/// A journal with `batches` of them, closed.
void fill(std::string const& folder, std::int64_t batches) {
    auto const opened =
        open_journal({.folder = folder, .bytes_max = std::uint64_t{64} << 30U, .sync = journal_sync::never});
    keep_one reports;
    auto const to = opened.value()->make_sink();
    auto events = nginx_batch();
    if (!to->open(reports)) throw std::runtime_error{"no sink"};
    for (std::int64_t i = 0; i < batches; ++i) {
        for (auto& row : events.events) ++row.id.high;
        if (!to->write(events) || !to->flush()) throw std::runtime_error{"not written"};
        events = std::move(reports.last);
    }
}

void read_back(benchmark::State& state) {
    folder_for_run const folder;
    fill(folder.topic(), 200);
    auto const opened = open_journal({.folder = folder.topic()});
    auto const from = opened.value()->make_source("bench");
    if (!from->open()) throw std::runtime_error{"no source"};
    position const start{};
    batch got;
    std::int64_t bytes = 0;
    std::int64_t events = 0;
    for (auto _ : state) {
        got.clear();
        if (!from->read(got, std::chrono::steady_clock::now())) throw std::runtime_error{"not read"};
        if (got.empty() && !from->seek({&start, 1})) throw std::runtime_error{"no way back"};
        bytes += static_cast<std::int64_t>(got.records.size());
        events += static_cast<std::int64_t>(got.events.size());
    }
    state.SetBytesProcessed(bytes);
    state.SetItemsProcessed(events);
}
BENCHMARK(read_back);

/// The argument is the journal's size in MiB.
void open_large(benchmark::State& state) {
    folder_for_run const folder;
    auto const batch_bytes = static_cast<std::int64_t>(nginx_batch().records.size());
    fill(folder.topic(), state.range(0) * (1 << 20) / batch_bytes);
    for (auto _ : state) benchmark::DoNotOptimize(open_journal({.folder = folder.topic()}).value());
}
BENCHMARK(open_large)->Arg(2048)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
