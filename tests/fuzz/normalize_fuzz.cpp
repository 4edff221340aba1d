// Any bytes through the transform: lines of one batch, cut at line ends. Whatever it makes must be JSON by the
// judgement of another parser, and be made again from the same line; all else must be rejected with a reason.
#include "formats/normalize.hpp"

#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

void require(bool holds, char const* what) {
    if (holds) return;
    std::fputs(what, stderr);
    std::abort();
}

/// The judge cannot read numbers that no 64-bit type holds; those are carried as they stand.
bool is_json(std::string_view document) {
    simdjson::dom::parser judge;
    switch (judge.parse(document.data(), document.size()).error()) {
        case simdjson::EMPTY:
        case simdjson::TAPE_ERROR:
        case simdjson::DEPTH_ERROR:
        case simdjson::STRING_ERROR:
        case simdjson::T_ATOM_ERROR:
        case simdjson::F_ATOM_ERROR:
        case simdjson::N_ATOM_ERROR:
        case simdjson::UTF8_ERROR:
        case simdjson::UNESCAPED_CHARS:
        case simdjson::UNCLOSED_STRING:
            return false;
        default:
            return true;
    }
}

logpipe::formats::normalize_options options_of(std::string_view format, logpipe::formats::timestamp_from time,
                                               bool strict) {
    logpipe::formats::normalize_options options{.timestamp = time, .strict_lines = strict};
    options.table.format = format;
    return options;
}

/// Kept from input to input, as a pump keeps its own.
logpipe::transform& transform_of(std::size_t which) {
    using enum logpipe::formats::timestamp_from;
    using logpipe::formats::make_normalize;
    static std::array const all = {
        make_normalize(options_of("json", receive, true)),
        make_normalize(options_of("json", entry, false)),
        make_normalize(options_of("auto", line, false)),
        make_normalize(options_of("auto", event, true)),
        make_normalize(options_of("combined", line, false)),
        make_normalize(options_of("logfmt", line, false)),
        make_normalize(options_of("nginx-error", line, false)),
        make_normalize(options_of("raw", receive, false)),
        make_normalize(
            options_of("<$host|$request_time>$request \"$upstream_response_time\" $line_rest", line, false))};
    return *all[which % all.size()];
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    if (size == 0) return 0;
    // The first byte chooses the format, where the time comes from, and whether the first line is the tag.
    auto& change = transform_of(data[0]);
    std::string_view text{reinterpret_cast<char const*>(data) + 1, size - 1};

    logpipe::batch events;
    auto const tag = events.tag_index(data[0] < 128 ? "t" : text.substr(0, text.find('\n')));
    logpipe::event_id id{.high = 1, .low = 0};
    while (true) {
        auto const end = text.find('\n');
        events.append(tag, id, data[0], text.substr(0, end));
        id = id.at(id.index() + 1);
        if (end == std::string_view::npos) break;
        text.remove_prefix(end + 1);
    }
    auto again = events;
    change.apply(events);
    change.apply(again);
    require(events.documents == again.documents, "not the same document again\n");
    for (auto const& row : events.events) {
        if (row.rejected) continue;
        auto const document = events.payload(row);
        require(document.starts_with(R"({"event":{)") && document.ends_with('}'), "not a document\n");
        require(is_json(document), "not JSON\n");
    }
    for (auto const& reason : events.rejections) {
        require(!reason.reason.empty(), "no reason\n");
        require(events.events[reason.event].rejected, "not rejected\n");
    }
    return 0;
}
