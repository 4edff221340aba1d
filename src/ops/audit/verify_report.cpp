// The audit's outcome, for people and for programs.
#include "audit/audit.hpp"
#include "core/json_writer.hpp"

#include <fmt/format.h>

#include <array>

namespace logpipe::audit {

namespace {

constexpr std::array<std::string_view, 3> kind_names{"input", "dead letters", "store"};

std::string_view name_of(endpoint_kind kind) {
    return kind_names.at(static_cast<std::size_t>(kind));
}

struct named_finding {
    std::string_view name;
    std::string_view what;
    audit_finding const& finding;
};

std::array<named_finding, 3> findings_of(audit_report const& report) {
    return {{{"missing", "in an input and not stored, dead or in flight", report.missing},
             {"doubled", "in the store twice, or in the store and among the dead letters", report.doubled},
             {"strange", "in the store and not in the input", report.strange}}};
}

std::string table_of(audit_report const& report) {
    std::size_t width = 8;
    for (auto const& each : report.endpoints) width = std::max(width, each.name.size());
    auto out =
        report.by_ids
            ? fmt::format("{:{}}  {:12} {:>12} {:>12} {:>12}\n", "endpoint", width, "is", "events", "ids", "duplicates")
            : fmt::format("{:{}}  {:12} {:>12} {:>12}\n", "endpoint", width, "is", "events", "in flight");
    for (auto const& each : report.endpoints)
        out += report.by_ids ? fmt::format("{:{}}  {:12} {:>12} {:>12} {:>12}\n", each.name, width, name_of(each.kind),
                                           each.facts.visible, each.ids, each.repeats)
                             : fmt::format("{:{}}  {:12} {:>12} {:>12}\n", each.name, width, name_of(each.kind),
                                           each.facts.total, each.facts.in_flight);
    return out;
}

void write_endpoint(json_object&& object, audit_report::endpoint const& endpoint) {
    object.add("name", endpoint.name);
    object.add("kind", name_of(endpoint.kind));
    object.add("total", endpoint.facts.total);
    object.add("visible", endpoint.facts.visible);
    object.add("in_flight", endpoint.facts.in_flight);
    object.add("dropped", endpoint.facts.dropped);
    object.add("ids", endpoint.ids);
    object.add("duplicates", endpoint.repeats);
    object.add("tombstones", endpoint.offsets.tombstones);
    object.add("gaps", endpoint.offsets.gaps);
    object.add("aborted", endpoint.offsets.aborted);
    object.add("unwritten", endpoint.offsets.unwritten);
    object.add("unexplained", endpoint.offsets.unexplained);
    object.add("expired", endpoint.facts.passed.expired);
    auto unseen = object.array("unseen");
    for (auto const& each : endpoint.facts.unseen) unseen.add(each);
}

/// What holds no event.
std::string offsets_text(audit_report const& report) {
    std::string out;
    for (auto const& [name, kind, facts, offsets, ids, repeats] : report.endpoints) {
        if (offsets.tombstones + offsets.aborted + offsets.unwritten > 0)
            out += fmt::format("no event: {}: {} tombstones, {} aborted, {} without a message (markers, compaction)\n",
                               name, offsets.tombstones, offsets.aborted, offsets.unwritten);
        if (offsets.unexplained > 0)
            out += fmt::format(
                "unexplained: {}: {} offsets were passed over that hold messages: reset the group to read them "
                "(logpipe replay)\n",
                name, offsets.unexplained);
        if (facts.passed.expired > 0)
            out +=
                fmt::format("expired: {}: {} offsets were gone before they were read{}\n", name, facts.passed.expired,
                            report.accepts_expired ? " (accepted)" : "; give --accept-expired if that is known");
    }
    return out;
}

void write_finding(json_object&& object, audit_finding const& finding) {
    object.add("events", finding.events);
    object.array("first", finding.first, [](json_object&& one, auto const& each) {
        one.add("id", each.id.text());
        one.add("endpoint", each.endpoint);
    });
}

}  // namespace

std::string to_text(audit_report const& report) {
    auto out = table_of(report);
    for (auto const& endpoint : report.endpoints)
        for (auto const& range : endpoint.facts.unseen) out += fmt::format("not seen: {}: {}\n", endpoint.name, range);
    out += offsets_text(report);
    bool const are_dropped = report.missing.events <= report.dropped;
    for (auto const& [name, what, finding] : findings_of(report)) {
        if (finding.events == 0 || (&finding == &report.missing && are_dropped)) continue;
        out += fmt::format("{} {} ({})\n", name, finding.events, what);
        for (auto const& each : finding.first) out += fmt::format("  {}  {}\n", each.id.text(), each.endpoint);
        if (finding.events > finding.first.size())
            out += fmt::format("  … and {} more\n", finding.events - finding.first.size());
    }
    for (auto const& line : report.differences) out += line + '\n';
    if (report.dropped > 0)
        out += fmt::format("dropped by a rule: {}{}\n", report.dropped,
                           are_dropped ? "" : "; which of those missing they are is not known");
    if (report.in_flight > 0) out += fmt::format("in flight: {}\n", report.in_flight);
    if (!all_accounted_for(report)) return out + "not all events are accounted for\n";
    return out + (report.by_ids ? fmt::format("all {} ids are accounted for\n", report.ids)
                                : "all events are accounted for, by number\n");
}

std::string to_json(audit_report const& report) {
    std::string out;
    {
        json_object whole{out};
        whole.add("accounted_for", all_accounted_for(report));
        whole.add("by_ids", report.by_ids);
        whole.add("ids", report.ids);
        whole.add("in_flight", report.in_flight);
        whole.add("dropped", report.dropped);
        whole.add("expired", report.expired());
        whole.add("unexplained", report.unexplained());
        whole.array("endpoints", report.endpoints, write_endpoint);
        for (auto const& each : findings_of(report)) write_finding(whole.object(each.name), each.finding);
        auto differences = whole.array("differences");
        for (auto const& each : report.differences) differences.add(each);
    }
    return out;
}

}  // namespace logpipe::audit
