// Dead letters: list, show, send again, drop.
#include "codec/dead_letter_json.hpp"
#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/json_writer.hpp"
#include "core/log.hpp"
#include "operator_ends.hpp"
#include "output.hpp"
#include "subcommands.hpp"
#include "transfer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

namespace logpipe::cli {

namespace {

result<audit::letter_selection> selection_of(settings const& options, std::span<std::string const> ids) {
    audit::letter_selection which{.ids = {}, .reason = options.text("reason"), .all = options.on("all")};
    for (auto const& text : ids) {
        auto const id = event_id::parse(text);
        if (!id) return error{errc::invalid_argument, fmt::format("invalid id \"{}\": dlq ls lists them", text)};
        which.ids.push_back(*id);
    }
    auto const ways = (which.ids.empty() ? 0 : 1) + (which.reason.empty() ? 0 : 1) + (which.all ? 1 : 0);
    if (ways == 1) return which;
    return error{errc::invalid_argument,
                 "say which: ID…, --reason TEXT or --all" + std::string{ways > 1 ? ", one of them" : ""}};
}

std::string to_json(audit::letter_list const& list, std::vector<audit::letter_summary> const& newest) {
    std::string out;
    {
        json_object whole{out};
        whole.add("dead_letters", list.letters);
        whole.add("events", list.events);
        whole.add("incomplete", list.incomplete);
        whole.add("unreadable", list.unreadable);
        whole.array("groups", list.groups, [](json_object&& one, auto const& each) {
            one.add("stage", each.stage);
            one.add("reason", each.reason);
            one.add("dead_letters", each.letters);
        });
        whole.array("newest", newest, [](json_object&& one, audit::letter_summary const& each) {
            one.add("id", each.id.text());
            one.add("time", iso_time(each.time_ms * 1'000'000));
            one.add("stage", each.stage);
            one.add("reason", each.reason);
            one.add("attempts", each.attempts);
            one.add("entries", each.entries);
            one.add("parts", each.parts);
            one.add("found", each.parts_found);
        });
    }
    return out;
}

std::string dead_letters(std::uint64_t number) {
    return fmt::format("{} dead letter{}", number, number == 1 ? "" : "s");
}

void print(audit::letter_list const& list, std::vector<audit::letter_summary> const& newest, bool json) {
    if (json) {
        static_cast<void>(write_data(to_json(list, newest) + "\n"));
        return;
    }
    fmt::print("{}{}\n", dead_letters(list.letters),
               list.events > list.letters ? fmt::format(", of {} events", list.events) : "");
    for (auto const& each : list.groups)
        fmt::print("{:>10}  {}: {}\n", each.letters, clean_line(each.stage), clean_line(each.reason));
    if (!newest.empty()) fmt::print("newest:\n");
    for (auto const& each : newest)
        fmt::print("{}  {}  {}: {}{}{}{}\n", each.id.text(), iso_time(each.time_ms * 1'000'000), clean_line(each.stage),
                   clean_line(each.reason), each.entries > 0 ? fmt::format(" ({} entries)", each.entries) : "",
                   each.attempts > 1 ? fmt::format(" ({} times)", each.attempts) : "",
                   each.parts_found < each.parts
                       ? fmt::format(" (incomplete: {} of {} parts)", each.parts_found, each.parts)
                       : "");
    if (list.incomplete > 0)
        fmt::print("incomplete: {}, of which parts are missing; show prints what is there\n", list.incomplete);
    if (list.unreadable > 0) fmt::print("entries that logpipe did not write: {}\n", list.unreadable);
}

int list(settings const& options, audit::letter_topic& from) {
    std::vector<audit::letter_summary> newest;
    std::vector<std::string> texts;  // the summaries' texts live as long as the call only
    auto const count = options.count("newest");
    texts.reserve(2 * count);
    auto const list = audit::list_letters(from, count, [&](audit::letter_summary const& each) {
        auto& kept = newest.emplace_back(each);
        kept.stage = texts.emplace_back(each.stage);
        kept.reason = texts.emplace_back(each.reason);
    });
    if (!list) return report_failure(options, list.error());
    print(*list, newest, options.on("json"));
    return exit_done;
}

int show(settings const& options, audit::letter_topic& from, std::span<std::string const> ids) {
    auto const which = selection_of(options, ids);
    if (!which) return report_failure(options, which.error());
    auto const shown = show_letters(from, *which, [&](audit::found_letter const& found) -> result<> {
        auto const& letter = found.letter;
        if (options.on("json")) {
            if (!found.missing.empty())
                log_warn("dlq show: {} is incomplete, parts {} of {} are missing", letter.id.text(),
                         fmt::join(found.missing, ", "), found.parts);
            return write_data(codec::to_json(letter) + "\n")
                       ? result<>{}
                       : error{errc::storage_failed, "standard output cannot be written"};
        }
        fmt::print("id        {}\nstage     {}\nreason    {}\norigin    {}\ntag       {}\ntime      {}\n",
                   letter.id.text(), clean_line(letter.stage), clean_line(letter.reason), clean_line(letter.origin),
                   clean_line(letter.tag), iso_time(letter.time_ns));
        if (letter.event_time_ns != 0) fmt::print("event     {}\n", exact_iso_time(letter.event_time_ns));
        if (letter.received_ns != 0) fmt::print("received  {}\n", exact_iso_time(letter.received_ns));
        fmt::print("attempts  {}\n", found.attempts);
        if (found.parts > 1) fmt::print("parts     {}\n", found.parts);
        if (!found.missing.empty())
            fmt::print("missing   parts {}: the record is what is there\n", fmt::join(found.missing, ", "));
        if (letter.entries > 0) {
            fmt::print("entries   {} of one message, {} bytes compressed\n{}\n", letter.entries, letter.record.size(),
                       audit::readable_entries(letter, options.count("newest")));
            return {};
        }
        fmt::print("record    {} bytes\n", letter.record.size());
        if (!write_data(letter.record)) return error{errc::storage_failed, "standard output cannot be written"};
        fmt::print("\n");
        return {};
    });
    return shown ? exit_done : report_failure(options, shown.error());
}

int finish(settings const& options, audit::retry_report const& report, std::string_view done) {
    fmt::print("{} {}\n", dead_letters(report.letters), done);
    if (report.room.freed_bytes > 0)
        log_info("{}: {} bytes are free now", options.subcommand(), report.room.freed_bytes);
    if (report.room.pending)
        log_info("{}: the process that writes the dead letters frees their space later", options.subcommand());
    for (auto const& id : report.not_found)
        log_error("{}: no dead letter has the id {}", options.subcommand(), id.text());
    for (auto const& id : report.incomplete)
        log_error("{}: {} is incomplete and stays: dlq show prints what is there, dlq purge drops it",
                  options.subcommand(), id.text());
    for (auto const& [id, reason] : report.rejected)
        log_error("{}: {} stays, its destination never takes it: {}", options.subcommand(), id.text(), reason);
    bool const all = report.not_found.empty() && report.incomplete.empty() && report.rejected.empty();
    return all ? exit_done : exit_failed;
}

int retry(settings const& options, operator_ends& ends, std::string const& uri, audit::letter_topic& from,
          std::span<std::string const> ids) {
    auto const which = selection_of(options, ids);
    if (!which) return report_failure(options, which.error());
    auto const to = options.text("to").empty() ? input_of_letters(uri) : options.text("to");
    if (to.empty())
        return report_failure(options, {errc::invalid_argument,
                                        fmt::format("the topic that {} belongs to is not known: say where the events "
                                                    "go by --to URI",
                                                    uri)});
    audit::letter_input input;
    if (!options.on("dry-run")) {
        auto opened = ends.input(to);
        if (!opened) return report_failure(options, opened.error());
        input = *std::move(opened);
    }
    auto const report = audit::retry_letters(from, *which, input, options.on("dry-run"));
    if (!report) return report_failure(options, report.error());
    return finish(options, *report, fmt::format("{} {}", options.on("dry-run") ? "would go to" : "went to", to));
}

int purge(settings const& options, audit::letter_topic& from, std::span<std::string const> ids) {
    auto const which = selection_of(options, ids);
    if (!which) return report_failure(options, which.error());
    auto counted = audit::retry_letters(from, *which, {}, true);
    if (!counted) return report_failure(options, counted.error());
    counted->letters += std::exchange(counted->incomplete, {}).size();
    if (options.on("dry-run") || counted->letters == 0) return finish(options, *counted, "would be purged");
    fmt::print("selected: {}\n", dead_letters(counted->letters));
    auto const meant = is_meant(options, "What is purged is gone for good.");
    if (!meant) return report_failure(options, meant.error());
    if (!*meant) return finish(options, {.letters = 0, .not_found = {}, .incomplete = {}, .rejected = {}}, "purged");
    auto const report = audit::purge_letters(from, *which);
    if (!report) return report_failure(options, report.error());
    return finish(options, *report, "purged");
}

}  // namespace

int run_dlq(settings const& options, argument_list const& rest) {
    auto const misused = [&] {
        return report_failure(options, {errc::invalid_argument,
                                        "say what to do with which dead letters: dlq ls|show|retry|purge URI [ID…]"});
    };
    if (rest.size() < 2) return misused();
    auto const& uri = rest[1];
    auto const ids = std::span{rest}.subspan(2);
    operator_ends ends{options};
    auto const letters = ends.letters(uri);
    if (!letters) return report_failure(options, letters.error());
    if (rest[0] == "ls" && ids.empty()) return list(options, **letters);
    if (rest[0] == "show") return show(options, **letters, ids);
    if (rest[0] == "retry") return retry(options, ends, uri, **letters, ids);
    if (rest[0] == "purge") return purge(options, **letters, ids);
    return misused();
}

}  // namespace logpipe::cli
