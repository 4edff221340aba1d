#include "positions.hpp"

namespace logpipe::store {

void position_changes::add(position end, event_counts const& counts) {
    for (auto& change : changes_) {
        if (change.safe.partition != end.partition) continue;
        change.safe = end;
        change.counts += counts;
        return;
    }
    changes_.push_back({.safe = end, .counts = counts});
}

result<positions_table> positions_table::prepare(database& store) {
    positions_table table;
    auto select = store.prepare(
        "SELECT partition, offset, events_in, indexed, already_there, dead, dropped FROM positions WHERE source = ?1"
        " ORDER BY partition");
    if (!select) return select.error();
    auto upsert = store.prepare(
        "INSERT INTO positions (source, partition, offset, events_in, indexed, already_there, dead, dropped)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (source, partition) DO UPDATE SET offset = "
        "excluded.offset,"
        " events_in = events_in + excluded.events_in, indexed = indexed + excluded.indexed,"
        " already_there = already_there + excluded.already_there, dead = dead + excluded.dead, dropped = dropped + "
        "excluded.dropped");
    if (!upsert) return upsert.error();
    table.select_ = std::move(*select);
    table.upsert_ = std::move(*upsert);
    return table;
}

result<std::vector<progress>> positions_table::read(database const& store, std::string const& source) {
    std::vector<progress> stored;
    select_.bind(1, source);
    int code = SQLITE_ROW;
    while ((code = select_.step()) == SQLITE_ROW) {
        auto const number = [this](int column) { return static_cast<std::uint64_t>(select_.integer(column)); };
        stored.push_back({.safe = {.partition = static_cast<std::uint32_t>(number(0)), .offset = number(1)},
                          .counts = {.in = number(2),
                                     .indexed = number(3),
                                     .duplicates = number(4),
                                     .dead = number(5),
                                     .dropped = number(6)}});
    }
    if (code != SQLITE_DONE) {
        auto const reason = store.failure(code, "reading positions");
        select_.reset();
        return reason;
    }
    select_.reset();
    return stored;
}

result<> positions_table::add(database const& store, std::string const& source, position_changes const& changes) {
    for (auto const& change : changes.all()) {
        upsert_.bind(1, source);
        upsert_.bind(2, change.safe.partition);
        int index = 3;
        for (auto const number : {change.safe.offset, change.counts.in, change.counts.indexed, change.counts.duplicates,
                                  change.counts.dead, change.counts.dropped})
            upsert_.bind(index++, static_cast<std::int64_t>(number));
        int const code = upsert_.step();
        auto const reason = code == SQLITE_DONE ? result<>{} : store.failure(code, "writing positions");
        upsert_.reset();
        if (!reason) return reason;
    }
    return {};
}

}  // namespace logpipe::store
