#include "lines/line_chunker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::lines {

line_chunker::line_chunker(line_options options, chunk_limits limits, std::string origin)
    : options_{std::move(options)},
      limits_{limits},
      origin_{std::move(origin)},
      time_ns_{run_time_ns(options_.run_id)},
      splitter_{options_.line_bytes_max} {}

bool line_chunker::add(std::string_view& input) {
    while (auto const line = splitter_.next(input)) {
        append(*line);
        if ((chunk_.records.size() >= limits_.bytes || chunk_.events.size() >= limits_.lines) && close()) return true;
    }
    return false;
}

bool line_chunker::flush() {
    return close();
}

bool line_chunker::finish() {
    if (auto const line = splitter_.finish()) append(*line);
    return close();
}

void line_chunker::take(batch& into) {
    std::swap(into, chunk_);
    chunk_.clear();
}

void line_chunker::append(input_line const& line) {
    auto const index = static_cast<std::uint32_t>(chunk_.events.size());
    // The id comes when the chunk is complete: it is made of all of it.
    chunk_.append(chunk_.tag_index(options_.tag), {}, time_ns_, line.text).offset = lines_++;
    if (!line.cut) return;
    ++cut_lines_;
    chunk_.reject(index, "ingest", fmt::format("line over {} bytes", options_.line_bytes_max));
}

bool line_chunker::close() {
    if (chunk_.empty()) return false;
    auto const id = make_id();
    std::uint32_t index = 0;
    for (auto& row : chunk_.events) row.id = id.at(index++);
    chunk_begin_bytes_ = splitter_.offset_bytes();
    chunk_.end_offset = lines_;
    chunk_.origin = origin_;
    drop_unwanted();
    if (!chunk_.empty()) return true;
    chunk_.clear();
    return false;
}

event_id line_chunker::make_id() {
    hasher_.begin(options_.tag, fmt::format("{}/{}-{}", options_.run_id, chunk_begin_bytes_, splitter_.offset_bytes()));
    hasher_.add_entries(chunk_.records);
    // Where the lines end is part of what they say: "ab", "c" is not "a", "bc".
    line_lengths_.clear();
    for (auto const& row : chunk_.events) line_lengths_.push_back(row.record_bytes);
    hasher_.add_entries(
        {reinterpret_cast<char const*>(line_lengths_.data()), line_lengths_.size() * sizeof(std::uint32_t)});
    return hasher_.finish();
}

void line_chunker::drop_unwanted() {
    auto const first = chunk_.events.front().offset;
    if (first >= first_wanted_) return;
    auto const count = static_cast<std::uint32_t>(std::min<std::uint64_t>(first_wanted_ - first, chunk_.events.size()));
    chunk_.events.erase(chunk_.events.begin(), chunk_.events.begin() + count);
    std::erase_if(chunk_.rejections, [&](rejection const& rejected) { return rejected.event < count; });
    for (auto& rejected : chunk_.rejections) rejected.event -= count;
}

}  // namespace logpipe::lines
