// The audit itself: what was seen of each id, and what follows from it.
#include "audit/audit.hpp"
#include "id_sorter.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::audit {

namespace {

using endpoint_bits = std::uint16_t;

endpoint_bits bit(std::size_t endpoint) {
    return static_cast<endpoint_bits>(1U << endpoint);
}

/// Takes down every position first: what is after one then may be anywhere. What is before it is in the store or dead
/// by the time that those are scanned, and what they hold by then is in the inputs by the time that these are.
class id_audit final {
  public:
    id_audit(audited_endpoints endpoints, audit_options const& options)
        : endpoints_{endpoints}, options_{options}, sorter_{options.memory_bytes}, sightings_(endpoints.size()) {
        report_.by_ids = true;
        report_.accepts_expired = options.accept_expired;
    }

    [[nodiscard]] result<audit_report> run() {
        if (auto taken = snapshot(); !taken) return taken.error();
        for (auto const kind : {endpoint_kind::dead_letters, endpoint_kind::store, endpoint_kind::input})
            for (std::size_t i = 0; i < endpoints_.size(); ++i)
                if (endpoints_[i]->kind() == kind)
                    if (auto scanned = scan(i); !scanned) return in_context(endpoints_[i]->name(), scanned.error());
        for (std::size_t i = 0; i < endpoints_.size(); ++i) {
            auto account = endpoints_[i]->explain();
            if (!account) return in_context(endpoints_[i]->name(), account.error());
            report_.endpoints[i].offsets = *account;
        }
        if (auto merged = sorter_.merge([&](id_sighting const& what) { judge(what); }); !merged) return merged.error();
        for (std::size_t i = 0; i < endpoints_.size(); ++i)
            if (endpoints_[i]->kind() != endpoint_kind::dead_letters)
                report_.endpoints[i].repeats = sightings_[i] - report_.endpoints[i].ids;
        return std::move(report_);
    }

  private:
    [[nodiscard]] result<> snapshot() {
        for (std::size_t i = 0; i < endpoints_.size(); ++i) {
            auto facts = endpoints_[i]->snapshot();
            if (!facts) return in_context(endpoints_[i]->name(), facts.error());
            auto const kind = endpoints_[i]->kind();
            auto& mask = kind == endpoint_kind::input ? inputs_ : kind == endpoint_kind::store ? stores_ : letters_;
            mask = static_cast<endpoint_bits>(mask | bit(i));
            if (kind == endpoint_kind::input && facts->unseen.empty())
                whole_ = static_cast<endpoint_bits>(whole_ | bit(i));
            report_.dropped += facts->dropped;
            report_.endpoints.push_back({.name = endpoints_[i]->name(), .kind = kind, .facts = *std::move(facts)});
        }
        return {};
    }

    [[nodiscard]] result<> scan(std::size_t endpoint) {
        return endpoints_[endpoint]->scan([&](audited_endpoint::sighting const& seen) {
            ++sightings_[endpoint];
            return sorter_.add({.id = seen.id,
                                .letter = seen.letter,
                                .endpoints = bit(endpoint),
                                .is_in_flight = seen.is_in_flight ? bit(endpoint) : endpoint_bits{0}});
        });
    }

    void judge(id_sighting const& what) {
        for (std::size_t i = 0; i < endpoints_.size(); ++i) {
            if ((what.endpoints & bit(i)) == 0) continue;
            if (endpoints_[i]->kind() != endpoint_kind::dead_letters || what.is_dead()) ++report_.endpoints[i].ids;
        }
        bool const stored = (what.endpoints & stores_) != 0;
        bool const taken_in = (what.endpoints & inputs_) != 0;
        if (taken_in) ++report_.ids;
        if (stored && ((what.repeated & stores_) != 0 || what.is_dead())) note(report_.doubled, what, what.endpoints);
        if (taken_in && !stored && !what.is_dead()) {
            if (what.is_in_flight != 0)
                ++report_.in_flight;
            else
                note(report_.missing, what, what.endpoints & inputs_);
        }
        if (stored && (whole_ & ~what.endpoints) != 0) note(report_.strange, what, what.endpoints & stores_);
    }

    void note(audit_finding& into, id_sighting const& what, unsigned where) const {
        ++into.events;
        if (into.first.size() >= options_.named_max) return;
        std::string names;
        for (std::size_t i = 0; i < endpoints_.size(); ++i)
            if ((where & bit(i)) != 0) names += fmt::format("{}{}", names.empty() ? "" : ", ", endpoints_[i]->name());
        into.first.push_back({.id = what.id, .endpoint = std::move(names)});
    }

    audited_endpoints const endpoints_;
    audit_options const options_;
    id_sorter sorter_;
    std::vector<std::uint64_t> sightings_;
    endpoint_bits inputs_ = 0;
    endpoint_bits whole_ = 0;  // inputs all of which can be read
    endpoint_bits stores_ = 0;
    endpoint_bits letters_ = 0;
    audit_report report_;
};

std::string difference_line(std::string_view input, std::uint64_t total, std::uint64_t found) {
    if (total > found)
        return fmt::format("{} has {} events more than are accounted for: missing, or duplicates (--ids names them)",
                           input, total - found);
    return fmt::format("{} has {} events fewer than are accounted for: doubled, or from elsewhere (--ids names them)",
                       input, found - total);
}

/// From the store upwards: whatever is further down has come through here.
void compare(audit_report& report) {
    report.differences.clear();
    report.in_flight = 0;
    std::uint64_t below = 0;
    for (auto const& each : report.endpoints)
        if (each.kind == endpoint_kind::store) below += each.facts.total;
    for (auto endpoint = report.endpoints.rbegin(); endpoint != report.endpoints.rend(); ++endpoint) {
        if (endpoint->kind == endpoint_kind::dead_letters) below += endpoint->facts.total;
        if (endpoint->kind != endpoint_kind::input) continue;
        below += endpoint->facts.in_flight + endpoint->facts.passed.expired + endpoint->facts.dropped;
        report.in_flight += endpoint->facts.in_flight;
        // What holds no event here was none further up either.
        auto const found = below + endpoint->offsets.tombstones + endpoint->offsets.gaps;
        if (endpoint->facts.total != found)
            report.differences.push_back(difference_line(endpoint->name, endpoint->facts.total, found));
    }
    std::ranges::reverse(report.differences);
}

}  // namespace

result<audit_report> audit_by_ids(audited_endpoints endpoints, audit_options const& options) {
    if (endpoints.size() > audited_endpoints_max)
        return error{errc::invalid_argument,
                     fmt::format("{} endpoints are too many: at most {}", endpoints.size(), audited_endpoints_max)};
    return id_audit{endpoints, options}.run();
}

result<audit_report> audit_by_counts(audited_endpoints endpoints, audit_options const& options) {
    audit_report report;
    report.accepts_expired = options.accept_expired;
    for (auto const& each : endpoints) {
        auto facts = each->snapshot();
        if (!facts) return in_context(each->name(), facts.error());
        report.dropped += facts->dropped;
        report.endpoints.push_back({.name = each->name(), .kind = each->kind(), .facts = *std::move(facts)});
        auto& endpoint = report.endpoints.back();
        endpoint.offsets = {.tombstones = endpoint.facts.passed.tombstones, .gaps = endpoint.facts.passed.gaps};
    }
    compare(report);
    bool const has_gaps = std::ranges::any_of(report.endpoints, [](auto const& each) { return each.offsets.gaps > 0; });
    if (report.differences.empty() && !has_gaps) return report;
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        if (endpoints[i]->kind() != endpoint_kind::input) continue;
        auto account = endpoints[i]->explain();
        if (!account) return in_context(endpoints[i]->name(), account.error());
        report.endpoints[i].offsets = *account;
    }
    compare(report);
    return report;
}

std::uint64_t audit_report::expired() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& each : endpoints) sum += each.facts.passed.expired;
    return sum;
}

std::uint64_t audit_report::unexplained() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& each : endpoints) sum += each.offsets.unexplained;
    return sum;
}

bool all_accounted_for(audit_report const& report) noexcept {
    return report.missing.events <= report.dropped && report.doubled.events == 0 && report.strange.events == 0 &&
           report.differences.empty() && report.unexplained() == 0 && (report.expired() == 0 || report.accepts_expired);
}

}  // namespace logpipe::audit
