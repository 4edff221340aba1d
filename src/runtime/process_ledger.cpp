#include "runtime/supervisor.hpp"

#include <algorithm>
#include <span>

namespace logpipe::runtime {

namespace {

bool feeds(pump_snapshot const& first, pump_snapshot const& second) {
    auto const& to = first.stages.back().target;
    return !to.empty() && to == second.stages.front().target;
}

/// The first pumps that fill the same place, as one: several sources of one journal.
std::vector<pump_snapshot> with_first_joined(std::vector<pump_snapshot> const& pumps) {
    auto const& to = pumps.front().stages.back().target;
    auto const other = std::ranges::find_if(
        pumps, [&](pump_snapshot const& each) { return to.empty() || each.stages.back().target != to; });
    auto const count = std::max<std::ptrdiff_t>(other - pumps.begin(), 1);
    std::vector<pump_snapshot> joined{pumps.front()};
    joined.insert(joined.end(), pumps.begin() + count, pumps.end());
    for (auto const& each : std::span{pumps}.first(static_cast<std::size_t>(count)).subspan(1)) {
        auto& first = joined.front();
        first.this_run += each.this_run;
        first.book.counts += each.book.counts;
        first.book.in_flight += each.book.in_flight;
        first.book.taken += each.book.taken;
    }
    return joined;
}

bool is_chain(std::vector<pump_snapshot> const& pumps) {
    for (std::size_t i = 1; i < pumps.size(); ++i)
        if (!feeds(pumps[i - 1], pumps[i])) return false;
    return true;
}

ledger sum_of(std::vector<pump_snapshot> const& pumps) {
    ledger sum;
    for (auto const& each : pumps) {
        sum.counts += each.book.counts;
        sum.passed += each.book.passed;
        sum.in_flight += each.book.in_flight;
        sum.taken += each.book.taken;
    }
    return sum;
}

/// What the pumps before the last one had to do with events that never came to it.
void add_ended_before(ledger& book, std::vector<pump_snapshot> const& pumps) {
    for (std::size_t i = 0; i + 1 < pumps.size(); ++i) {
        book.counts.duplicates += pumps[i].this_run.duplicates;
        book.counts.dead += pumps[i].this_run.dead;
        book.counts.dropped += pumps[i].this_run.dropped;
        book.counts.routed += pumps[i].this_run.routed;
    }
}

/// A pump fills a journal and the next one empties it: `in` is what the journal held at the start, and what came in
/// since. Every term is counted where it happens.
ledger journal_ledger(pump_snapshot const& in, pump_snapshot const& out) {
    ledger book{.counts = out.book.counts, .in_flight = 0};
    book.counts.in = in.held_before.value_or(0) + in.this_run.in;
    book.in_flight = in.book.in_flight + out.backlog.value_or(0) + out.book.in_flight;
    book.taken = in.book.taken + out.book.taken;
    return book;
}

/// Behind a broker that others write as well, `in` is what it gave or still holds, and what has not come to it yet: a
/// repeat that a crash put there twice was taken in twice.
ledger broker_ledger(std::vector<pump_snapshot> const& pumps) {
    auto const& last = pumps.back();
    auto coming = pumps.front().book.not_safe() + last.backlog.value_or(0);
    for (std::size_t i = 1; i + 1 < pumps.size(); ++i) coming += waiting_events(pumps[i]);
    ledger book{.counts = last.book.counts,
                .in_flight = coming + last.book.in_flight,
                .taken = last.book.taken,
                .passed = last.book.passed};
    book.counts.in += coming;
    for (std::size_t i = 0; i + 1 < pumps.size(); ++i)
        book.counts.in += pumps[i].this_run.duplicates + pumps[i].this_run.dead + pumps[i].this_run.dropped +
                          pumps[i].this_run.routed;
    return book;
}

}  // namespace

ledger ledger_of(std::vector<pump_snapshot> const& all) {
    if (all.empty()) return {};
    if (all.size() == 1) return all.front().book;
    auto const pumps = with_first_joined(all);
    if (pumps.size() == 1 || !is_chain(pumps)) return sum_of(all);
    bool const counts_journal = pumps.size() == 2 && pumps.front().held_before.has_value();
    auto book = counts_journal ? journal_ledger(pumps.front(), pumps.back()) : broker_ledger(pumps);
    add_ended_before(book, pumps);
    return book;
}

}  // namespace logpipe::runtime
