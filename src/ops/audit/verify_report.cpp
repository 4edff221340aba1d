// The audit's outcome, for people and for programs.
#include "audit/audit.hpp"
#include "core/json_writer.hpp"

#include <fmt/format.h>

#include <array>

namespace logpipe::audit {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"input", "dead letters", "store"};

std::string_view name_of(place_kind kind) {
    return kind_names.at(static_cast<std::size_t>(kind));
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

void write_place(json_object&& object, audit_report::place const& place) {
    object.add("name", place.name);
    object.add("kind", name_of(place.kind));
    object.add("total", place.facts.total);
    object.add("visible", place.facts.visible);
    object.add("on_their_way", place.facts.on_their_way);
    object.add("ids", place.ids);
    object.add("repeats", place.repeats);
    object.add("tombstones", place.offsets.tombstones);
    object.add("gaps", place.offsets.gaps);
    object.add("aborted", place.offsets.aborted);
    object.add("unwritten", place.offsets.unwritten);
    object.add("unexplained", place.offsets.unexplained);
    object.add("expired", place.facts.passed.expired);
    auto unseen = object.array("unseen");
    for (auto const& each : place.facts.unseen) unseen.add(each);
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

void write_finding(json_object&& object, audit_finding const& finding) {
    object.add("events", finding.events);
    object.array("first", finding.first, [](json_object&& one, auto const& each) {
        one.add("id", each.id.text());
        one.add("place", each.place);
    });
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
    std::string out;
    {
        json_object whole{out};
        whole.add("accounted_for", all_accounted_for(report));
        whole.add("by_ids", report.by_ids);
        whole.add("ids", report.ids);
        whole.add("on_their_way", report.on_their_way);
        whole.add("expired", report.expired());
        whole.add("unexplained", report.unexplained());
        whole.array("places", report.places, write_place);
        for (auto const& each : findings_of(report)) write_finding(whole.object(each.name), each.finding);
        auto differences = whole.array("differences");
        for (auto const& each : report.differences) differences.add(each);
    }
    return out;
}

}  // namespace logpipe::audit
