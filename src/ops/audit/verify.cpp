// The audit itself: what was seen of each id, and what follows from it.
#include "audit/audit.hpp"
#include "id_sorter.hpp"

#include "core/assert.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace logpipe::audit {

namespace {

using place_bits = std::uint16_t;

place_bits bit(std::size_t place) {
    return static_cast<place_bits>(1U << place);
}

/// Takes down every position first: what is behind one then may be anywhere. What is before it is in the store or dead
/// by the time that those are scanned, and what they hold by then is in the inputs by the time that these are.
class id_audit final {
  public:
    id_audit(audited_places places, audit_options const& options)
        : places_{places}, options_{options}, sorter_{options.memory_bytes}, sightings_(places.size()) {
        report_.by_ids = true;
        report_.accepts_expired = options.accept_expired;
    }

    [[nodiscard]] result<audit_report> run() {
        if (auto looked = look(); !looked) return looked.error();
        for (auto const kind : {place_kind::dead_letters, place_kind::store, place_kind::input})
            for (std::size_t i = 0; i < places_.size(); ++i)
                if (places_[i]->kind() == kind)
                    if (auto scanned = scan(i); !scanned) return in_context(places_[i]->name(), scanned.error());
        for (std::size_t i = 0; i < places_.size(); ++i) {
            auto account = places_[i]->explain();
            if (!account) return in_context(places_[i]->name(), account.error());
            report_.places[i].offsets = *account;
        }
        if (auto merged = sorter_.merge([&](id_sighting const& what) { judge(what); }); !merged) return merged.error();
        for (std::size_t i = 0; i < places_.size(); ++i)
            if (places_[i]->kind() != place_kind::dead_letters)
                report_.places[i].repeats = sightings_[i] - report_.places[i].ids;
        return std::move(report_);
    }

  private:
    [[nodiscard]] result<> look() {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            auto facts = places_[i]->look();
            if (!facts) return in_context(places_[i]->name(), facts.error());
            auto const kind = places_[i]->kind();
            auto& mask = kind == place_kind::input ? inputs_ : kind == place_kind::store ? stores_ : letters_;
            mask = static_cast<place_bits>(mask | bit(i));
            if (kind == place_kind::input && facts->unseen.empty()) whole_ = static_cast<place_bits>(whole_ | bit(i));
            report_.places.push_back({.name = places_[i]->name(), .kind = kind, .facts = *std::move(facts)});
        }
        return {};
    }

    [[nodiscard]] result<> scan(std::size_t place) {
        return places_[place]->scan([&](audited_place::sighting const& seen) {
            ++sightings_[place];
            return sorter_.add({.id = seen.id,
                                .letter = seen.letter,
                                .places = bit(place),
                                .on_its_way = seen.on_its_way ? bit(place) : place_bits{0}});
        });
    }

    void judge(id_sighting const& what) {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if ((what.places & bit(i)) == 0) continue;
            if (places_[i]->kind() != place_kind::dead_letters || what.is_dead()) ++report_.places[i].ids;
        }
        bool const stored = (what.places & stores_) != 0;
        bool const taken_in = (what.places & inputs_) != 0;
        if (taken_in) ++report_.ids;
        if (stored && ((what.repeated & stores_) != 0 || what.is_dead())) note(report_.doubled, what, what.places);
        if (taken_in && !stored && !what.is_dead()) {
            if (what.on_its_way != 0)
                ++report_.on_their_way;
            else
                note(report_.missing, what, what.places & inputs_);
        }
        if (stored && (whole_ & ~what.places) != 0) note(report_.strange, what, what.places & stores_);
    }

    void note(audit_finding& into, id_sighting const& what, unsigned where) const {
        ++into.events;
        if (into.first.size() >= options_.named_max) return;
        std::string names;
        for (std::size_t i = 0; i < places_.size(); ++i)
            if ((where & bit(i)) != 0) names += fmt::format("{}{}", names.empty() ? "" : ", ", places_[i]->name());
        into.first.push_back({.id = what.id, .place = std::move(names)});
    }

    audited_places const places_;
    audit_options const options_;
    id_sorter sorter_;
    std::vector<std::uint64_t> sightings_;
    place_bits inputs_ = 0;
    place_bits whole_ = 0;  // inputs all of which can be read
    place_bits stores_ = 0;
    place_bits letters_ = 0;
    audit_report report_;
};

std::string difference_line(std::string_view input, std::uint64_t total, std::uint64_t found) {
    if (total > found)
        return fmt::format("{} has {} events more than are accounted for: missing, or repeats (--ids tells which)",
                           input, total - found);
    return fmt::format("{} has {} events fewer than are accounted for: doubled, or from elsewhere (--ids tells which)",
                       input, found - total);
}

/// From the store upwards: whatever is further down has come through here.
void compare(audit_report& report) {
    report.differences.clear();
    report.on_their_way = 0;
    std::uint64_t below = 0;
    for (auto const& each : report.places)
        if (each.kind == place_kind::store) below += each.facts.total;
    for (auto place = report.places.rbegin(); place != report.places.rend(); ++place) {
        if (place->kind == place_kind::dead_letters) below += place->facts.total;
        if (place->kind != place_kind::input) continue;
        below += place->facts.on_their_way + place->facts.passed.expired;
        report.on_their_way += place->facts.on_their_way;
        // What holds no event here was none further up either.
        auto const found = below + place->offsets.tombstones + place->offsets.gaps;
        if (place->facts.total != found)
            report.differences.push_back(difference_line(place->name, place->facts.total, found));
    }
    std::ranges::reverse(report.differences);
}

}  // namespace

result<audit_report> audit_by_ids(audited_places places, audit_options const& options) {
    if (places.size() > audited_places_max)
        return error{errc::invalid_argument,
                     fmt::format("{} places are too many, the audit takes {}", places.size(), audited_places_max)};
    return id_audit{places, options}.run();
}

result<audit_report> audit_by_counts(audited_places places, audit_options const& options) {
    audit_report report;
    report.accepts_expired = options.accept_expired;
    for (auto const& each : places) {
        auto facts = each->look();
        if (!facts) return in_context(each->name(), facts.error());
        report.places.push_back({.name = each->name(), .kind = each->kind(), .facts = *std::move(facts)});
        auto& place = report.places.back();
        place.offsets = {.tombstones = place.facts.passed.tombstones, .gaps = place.facts.passed.gaps};
    }
    compare(report);
    bool const has_gaps = std::ranges::any_of(report.places, [](auto const& each) { return each.offsets.gaps > 0; });
    if (report.differences.empty() && !has_gaps) return report;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (places[i]->kind() != place_kind::input) continue;
        auto account = places[i]->explain();
        if (!account) return in_context(places[i]->name(), account.error());
        report.places[i].offsets = *account;
    }
    compare(report);
    return report;
}

std::uint64_t audit_report::expired() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& each : places) sum += each.facts.passed.expired;
    return sum;
}

std::uint64_t audit_report::unexplained() const noexcept {
    std::uint64_t sum = 0;
    for (auto const& each : places) sum += each.offsets.unexplained;
    return sum;
}

bool all_accounted_for(audit_report const& report) noexcept {
    return report.missing.events == 0 && report.doubled.events == 0 && report.strange.events == 0 &&
           report.differences.empty() && report.unexplained() == 0 && (report.expired() == 0 || report.accepts_expired);
}

}  // namespace logpipe::audit
