// The audit's outcome, for people and for programs.
#include "audit/audit.hpp"
#include "core/json_text.hpp"

#include <fmt/format.h>

#include <array>

namespace logpipe::audit {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"input", "dead letters", "store"};

std::string_view name_of(place_kind kind) {
    return kind_names.at(static_cast<std::size_t>(kind));
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

struct named_finding {
    std::string_view name;
    std::string_view what;
    audit_finding const& finding;
};

std::array<named_finding, 3> findings_of(audit_report const& report) {
    return {{{"missing", "in an input and nowhere else", report.missing},
             {"doubled", "in the store twice, or there and among the dead letters", report.doubled},
             {"strange", "in the store and not in the input", report.strange}}};
}

std::string table_of(audit_report const& report) {
    std::size_t width = 5;
    for (auto const& each : report.places) width = std::max(width, each.name.size());
    auto out =
        report.by_ids
            ? fmt::format("{:{}}  {:12} {:>12} {:>12} {:>12}\n", "place", width, "is", "events", "ids", "repeats")
            : fmt::format("{:{}}  {:12} {:>12} {:>12}\n", "place", width, "is", "events", "on their way");
    for (auto const& each : report.places)
        out += report.by_ids ? fmt::format("{:{}}  {:12} {:>12} {:>12} {:>12}\n", each.name, width, name_of(each.kind),
                                           each.facts.visible, each.ids, each.repeats)
                             : fmt::format("{:{}}  {:12} {:>12} {:>12}\n", each.name, width, name_of(each.kind),
                                           each.facts.total, each.facts.on_their_way);
    return out;
}

std::string json_of(audit_report::place const& place) {
    std::string unseen;
    for (auto const& each : place.facts.unseen) unseen += fmt::format("{}{}", unseen.empty() ? "" : ",", quoted(each));
    return fmt::format(
        R"({{"name":{},"kind":"{}","total":{},"visible":{},"on_their_way":{},"ids":{},"repeats":{},"tombstones":{},)"
        R"("gaps":{},"aborted":{},"unwritten":{},"unexplained":{},"expired":{},"unseen":[{}]}})",
        quoted(place.name), name_of(place.kind), place.facts.total, place.facts.visible, place.facts.on_their_way,
        place.ids, place.repeats, place.offsets.tombstones, place.offsets.gaps, place.offsets.aborted,
        place.offsets.unwritten, place.offsets.unexplained, place.facts.passed.expired, unseen);
}

/// What holds no event.
std::string offsets_text(audit_report const& report) {
    std::string out;
    for (auto const& [name, kind, facts, offsets, ids, repeats] : report.places) {
        if (offsets.tombstones + offsets.aborted + offsets.unwritten > 0)
            out += fmt::format("no event: {}: {} tombstones, {} aborted, {} without a message (markers, compaction)\n",
                               name, offsets.tombstones, offsets.aborted, offsets.unwritten);
        if (offsets.unexplained > 0)
            out += fmt::format(
                "unexplained: {}: {} offsets were passed over that hold messages: read them again "
                "(logpipe replay)\n",
                name, offsets.unexplained);
        if (facts.passed.expired > 0)
            out +=
                fmt::format("expired: {}: {} offsets were gone before they were read{}\n", name, facts.passed.expired,
                            report.accepts_expired ? " (accepted)" : ": --accept-expired takes that as known");
    }
    return out;
}

std::string json_of(audit_finding const& finding) {
    std::string first;
    for (auto const& each : finding.first)
        first +=
            fmt::format(R"({}{{"id":"{}","place":{}}})", first.empty() ? "" : ",", each.id.text(), quoted(each.place));
    return fmt::format(R"({{"events":{},"first":[{}]}})", finding.events, first);
}

}  // namespace

std::string to_text(audit_report const& report) {
    auto out = table_of(report);
    for (auto const& place : report.places)
        for (auto const& range : place.facts.unseen) out += fmt::format("not seen: {}: {}\n", place.name, range);
    out += offsets_text(report);
    for (auto const& [name, what, finding] : findings_of(report)) {
        if (finding.events == 0) continue;
        out += fmt::format("{} {} ({})\n", name, finding.events, what);
        for (auto const& each : finding.first) out += fmt::format("  {}  {}\n", each.id.text(), each.place);
        if (finding.events > finding.first.size())
            out += fmt::format("  … and {} more\n", finding.events - finding.first.size());
    }
    for (auto const& line : report.differences) out += line + '\n';
    if (report.on_their_way > 0) out += fmt::format("on their way: {}\n", report.on_their_way);
    if (!all_accounted_for(report)) return out + "not all events are accounted for\n";
    return out + (report.by_ids ? fmt::format("all {} ids are accounted for\n", report.ids)
                                : "all events are accounted for, by their number\n");
}

std::string to_json(audit_report const& report) {
    std::string places;
    for (auto const& each : report.places) places += fmt::format("{}{}", places.empty() ? "" : ",", json_of(each));
    std::string findings;
    for (auto const& each : findings_of(report))
        findings += fmt::format(R"(,"{}":{})", each.name, json_of(each.finding));
    std::string differences;
    for (auto const& each : report.differences)
        differences += fmt::format("{}{}", differences.empty() ? "" : ",", quoted(each));
    return fmt::format(
        R"({{"accounted_for":{},"by_ids":{},"ids":{},"on_their_way":{},"expired":{},"unexplained":{},"places":[{}]{},)"
        R"("differences":[{}]}})",
        all_accounted_for(report), report.by_ids, report.ids, report.on_their_way, report.expired(),
        report.unexplained(), places, findings, differences);
}

}  // namespace logpipe::audit
