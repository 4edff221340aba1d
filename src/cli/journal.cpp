// Offline work on a journal.
#include "journal/journal.hpp"
#include "codec/dead_letter_json.hpp"

#include "codec/dead_letter_frame.hpp"
#include "core/json_writer.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace logpipe::cli {

namespace {

std::string to_json(journal::journal_info const& info) {
    std::string out;
    {
        json_object whole{out};
        whole.add("folder", info.folder);
        whole.array("segments", info.segments, [](json_object&& one, auto const& each) {
            one.add("path", each.path);
            one.add("first_offset", each.first_offset);
            one.add("end_offset", each.end_offset);
            one.add("events", each.events);
            one.add("bytes", each.bytes);
            one.add("damaged_places", each.damage.size());
        });
        whole.array("readers", info.cursors, [](json_object&& one, auto const& each) {
            one.add("group", each.group);
            one.add("offset", each.offset);
        });
    }
    return out;
}

int list(settings const& options, std::string const& folder) {
    auto const info = journal::inspect_journal(folder);
    if (!info) return report_failure(options, info.error());
    if (options.on("json")) {
        fmt::print("{}\n", to_json(*info));
        return exit_done;
    }
    fmt::print("{:40} {:>14} {:>14} {:>12} {:>14}\n", "segment", "first", "end", "events", "bytes");
    for (auto const& each : info->segments)
        fmt::print("{:40} {:>14} {:>14} {:>12} {:>14}\n", each.path, each.first_offset, each.end_offset, each.events,
                   each.bytes);
    for (auto const& each : info->cursors) fmt::print("reader {:33} {:>14}\n", each.group, each.offset);
    return exit_done;
}

int check(settings const& options, std::string const& folder) {
    auto const info = journal::inspect_journal(folder);
    if (!info) return report_failure(options, info.error());
    std::size_t bad = 0;
    std::uint64_t events = 0;
    for (auto const& each : info->segments) {
        events += each.events;
        bad += each.damage.size();
        for (auto const& line : each.damage) fmt::print("{}: {}\n", each.path, line);
    }
    fmt::print("{} segments, {} events, {}\n", info->segments.size(), events,
               bad == 0 ? "whole" : fmt::format("{} damaged places", bad));
    return bad == 0 ? exit_done : exit_failed;
}

int repair(settings const& options, std::string const& folder) {
    auto const repaired = journal::repair_journal(folder);
    if (!repaired) return report_failure(options, repaired.error());
    for (auto const& note : repaired->notes) fmt::print("{}\n", note);
    fmt::print("{} bytes cut, {} segments set aside\n", repaired->bytes_cut, repaired->segments_set_aside);
    return exit_done;
}

/// A line each; a dead letter as JSON, for its head is not a line.
int write_out(settings const& options, std::string const& folder) {
    bool const letters = folder.ends_with(".dlq");
    auto const exported = journal::export_journal(folder, [letters](batch const& events) -> result<> {
        std::string json;
        for (auto const& row : events.events) {
            auto record = events.record(row);
            if (auto const letter = letters ? codec::read_dead_letter_frame(record) : std::nullopt)
                record = json = codec::to_json(*letter);
            if (!write_data(record) || std::fputc('\n', stdout) == EOF)
                return error{errc::storage_failed, "standard output cannot be written"};
        }
        return {};
    });
    if (!exported) return report_failure(options, exported.error());
    if (std::fflush(stdout) != 0)
        return report_failure(options, {errc::storage_failed, "standard output cannot be written"});
    return exit_done;
}

}  // namespace

int run_journal(settings const& options, argument_list const& rest) {
    if (rest.size() == 2) {
        if (rest[0] == "ls") return list(options, rest[1]);
        if (rest[0] == "check") return check(options, rest[1]);
        if (rest[0] == "repair") return repair(options, rest[1]);
        if (rest[0] == "export") return write_out(options, rest[1]);
    }
    return report_failure(
        options, {errc::invalid_argument, "say what to do with which topic: journal ls|check|repair|export DIR/TOPIC"});
}

}  // namespace logpipe::cli
