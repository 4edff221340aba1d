#include "tap_printer.hpp"

#include "core/clean_text.hpp"
#include "core/log.hpp"
#include "output.hpp"
#include "status/tap_line.hpp"
#include "subcommands.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace logpipe::cli {

namespace {

/// The number behind `key` in a line of our own making.
std::uint64_t number_behind(std::string_view line, std::string_view key) {
    auto const at = line.find(key);
    std::uint64_t number = 0;
    if (at != std::string_view::npos) std::from_chars(line.data() + at + key.size(), line.data() + line.size(), number);
    return number;
}

}  // namespace

bool tap_printer::print(std::string_view line) {
    if (!write_data(line)) broken_ = true;
    ++printed_;
    return !broken_ && (options_.count_max == 0 || printed_ < options_.count_max);
}

bool tap_printer::take_line(std::string_view line) {
    if (!line.starts_with("{\"tap\":")) {
        // A process that is not ours could send anything to the terminal.
        auto const more = print(options_.readable ? clean_line(line) + "\n" : fmt::format("{}\n", line));
        if (std::fflush(stdout) != 0) broken_ = true;
        return more && !broken_;
    }
    seen_ = number_behind(line, "\"seen\":");
    dropped_ = number_behind(line, "\"dropped\":");
    if (dropped_ > told_dropped_) {
        log_warn("tap: {} events of {} did not fit and are not shown; --sample {} shows fewer, evenly", dropped_, seen_,
                 seen_ / std::max<std::uint64_t>(1, seen_ - dropped_) + 1);
        told_dropped_ = dropped_;
    }
    return true;
}

bool tap_printer::take_event(tapped_event const& event) {
    ++seen_;
    if (until_next_ > 0) {
        --until_next_;
        return true;
    }
    until_next_ = options_.sample - 1;
    bool const more = print(options_.readable ? status::to_readable_line(event) : status::to_json_line(event));
    if (std::fflush(stdout) != 0) broken_ = true;
    return more && !broken_;
}

bool tap_printer::take_batch(std::string_view where, batch const& events) {
    for (auto const& row : events.events) {
        bool const more = take_event({.where = std::string{where},
                                      .id = row.id,
                                      .tag = events.tags[row.tag],
                                      .time_ns = row.time_ns,
                                      .received_ns = row.received_ns,
                                      .origin = fmt::format("{} offset {}", events.origin, row.offset),
                                      .payload = std::string{events.record(row)},
                                      .rejected = {}});
        if (!more) return false;
    }
    return true;
}

int tap_printer::end() {
    if (std::fflush(stdout) != 0) broken_ = true;
    // The other side counts once a second.
    log_info("tap: {} events shown of {} seen, {} dropped", printed_, std::max(seen_, printed_), dropped_);
    return exit_done;
}

}  // namespace logpipe::cli
