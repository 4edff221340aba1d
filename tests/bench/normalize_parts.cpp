// The transform, in batches as the pump makes them. LOGPIPE_BENCH_LINES names a file of lines; without it, made-up ones
// are taken.
#include "formats/normalize.hpp"
#include "lines.hpp"
#include "part.hpp"

#include <cstdlib>
#include <fstream>
#include <memory>

namespace logpipe::bench {

using namespace formats;

namespace {

constexpr std::uint32_t lines_made = 8192;

std::vector<std::string> lines() {
    std::vector<std::string> all;
    if (char const* const path = std::getenv("LOGPIPE_BENCH_LINES")) {
        std::ifstream file{path};
        for (std::string line; std::getline(file, line);) all.push_back(line);
    } else {
        for (std::uint32_t i = 0; i < lines_made; ++i) all.push_back(test::nginx_line(i));
    }
    return all;
}

prepared_part transform(formats::timestamp_from time) {
    struct work {
        std::unique_ptr<logpipe::transform> change;
        std::vector<batch> batches = std::vector<batch>(1);
    };
    auto const with = std::make_shared<work>();
    with->change = formats::make_normalize({.timestamp = time});
    prepared_part ready{.round = [with] {
        for (auto& each : with->batches) with->change->apply(each);
    }};
    event_id id{.high = 0x0123456789abcdef, .low = 0xfedcba9800000000};
    for (auto const& line : lines()) {
        if (with->batches.back().full()) with->batches.emplace_back();
        auto& into = with->batches.back();
        into.append(into.tag_index("app.follow"), id, 0, line).received_ns = 1'769'823'099'995'000'000;
        id = id.at(id.index() + 1);
        ++ready.events;
        ready.bytes += line.size();
    }
    return ready;
}

}  // namespace

std::vector<part> normalize_parts() {
    return {{"transform", [] { return transform(formats::timestamp_from::receive); }},
            {"transform_with_time", [] { return transform(formats::timestamp_from::event); }}};
}

}  // namespace logpipe::bench
