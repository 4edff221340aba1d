// The transform, in batches as the pump makes them. LOGPIPE_BENCH_LINES names a file of lines; without it, made-up ones
// are taken.
#include "core/json_text.hpp"
#include "formats/normalize.hpp"
#include "lines.hpp"
#include "part.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::bench {

using namespace formats;

namespace {

constexpr std::uint32_t lines_made = 8192;

using line_maker = std::string (*)(std::uint64_t);

std::string combined_line(std::uint64_t number) {
    auto const value = [line = test::nginx_line(number)](std::string_view key) {
        auto const begin = line.find(fmt::format("\"{}\":", key)) + key.size() + 3;
        auto const text = std::string_view{line}.substr(line.find_first_not_of(" \"", begin));
        return std::string{
            text.substr(0, text.find_first_of(line[line.find_first_not_of(' ', begin)] == '"' ? "\"" : ",}"))};
    };
    return fmt::format("{} - {} [{}] \"{}\" {} {} \"{}\" \"{}\"", value("remote_ip"), value("remote_user"),
                       value("time"), value("request"), value("response"), value("bytes"), value("referrer"),
                       value("agent"));
}

/// As Docker's fluentd driver sends it.
std::string wrapped_line(std::uint64_t number) {
    std::string line = R"({"container_id":"0123456789ab","container_name":"/web","source":"stdout","log":)";
    append_json_string(line, combined_line(number));
    return line + '}';
}

std::vector<std::string> lines(line_maker make) {
    std::vector<std::string> all;
    if (char const* const path = std::getenv("LOGPIPE_BENCH_LINES")) {
        std::ifstream file{path};
        for (std::string line; std::getline(file, line);) all.push_back(line);
    } else {
        for (std::uint32_t i = 0; i < lines_made; ++i) all.push_back(make(i));
    }
    return all;
}

prepared_part transform(formats::timestamp_from time, line_maker make = test::nginx_line) {
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
    for (auto const& line : lines(make)) {
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
            {"transform_with_time", [] { return transform(formats::timestamp_from::event); }},
            {"transform_combined", [] { return transform(formats::timestamp_from::receive, combined_line); }},
            {"transform_wrapped", [] { return transform(formats::timestamp_from::receive, wrapped_line); }}};
}

}  // namespace logpipe::bench
