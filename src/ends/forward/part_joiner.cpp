#include "part_joiner.hpp"

#include "core/assert.hpp"
#include "msgpack_reader.hpp"
#include "msgpack_to_json.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

namespace logpipe::forward {

void part_joiner::join_within(std::span<found_part const> parts, joined_into const& to) {
    std::map<std::string_view, part_group<found_part const*>> lines;  // by id
    for (auto const& each : parts) (void)lines[each.part.id].add(each.part, &each);
    auto apart = parts.size();
    std::vector<std::uint32_t> gone;
    for (auto const& [id, line] : lines) {
        if (!line.is_complete() || line.log_bytes() > held_.limits().line_bytes_max) continue;
        // A record's offset in its batch has 32 bits, and the parts' text is there already.
        if (to.records.written() > std::numeric_limits<std::uint32_t>::max() / 2) break;
        std::vector<std::string_view> records;
        for (auto const& [ordinal, each] : line.parts()) {
            records.push_back(each->record);
            to.counts.escaped_strings -= each->escaped_strings;
            if (ordinal > 1) gone.push_back(each->row);
        }
        write(join_parts(records), to.events.events[line.parts().begin()->second->row], to);
        apart -= records.size();
        ++to.counts.lines_joined;
    }
    to.counts.parts_apart += apart;
    if (gone.empty()) return;
    std::ranges::sort(gone);
    to.events.drop(gone);
    to.counts.events -= gone.size();
}

void part_joiner::join_across(std::string_view tag, std::span<found_part const> parts, joined_into const& to) {
    for (auto const& each : parts) {
        auto* const line = held_.add(tag, each.part, each.record, each.time_ns);
        if (line == nullptr) {
            add_event(tag, each.time_ns, each.record, to);
            ++to.counts.parts_apart;
        } else if (line->group.log_bytes() > held_.limits().line_bytes_max) {
            pass_apart(*line, to.counts.parts_apart, to);
        } else if (line->group.is_complete()) {
            held_.take(*line);
            add_joined(*line, to);
        }
        while (auto* const oldest = held_.excess()) pass_apart(*oldest, to.counts.parts_apart, to);
    }
}

void part_joiner::pass_overdue(std::chrono::steady_clock::time_point now, joined_into const& to) {
    for (auto* const line : held_.overdue(now)) pass_apart(*line, to.counts.parts_timed_out, to);
}

void part_joiner::pass_all(joined_into const& to) {
    for (auto* const line : held_.all()) pass_apart(*line, to.counts.parts_apart, to);
}

void part_joiner::commit(event_decoder_counts& counts) noexcept {
    held_.commit();
    counts.parts_held = held_.parts_count();
}

void part_joiner::add_joined(held_line const& line, joined_into const& to) {
    std::vector<std::string_view> records;
    for (auto const& [ordinal, each] : line.group.parts()) records.push_back(each.record);
    add_event(line.tag, line.group.parts().begin()->second.time_ns, join_parts(records), to);
    ++to.counts.lines_joined;
}

void part_joiner::pass_apart(held_line& line, std::uint64_t& counted, joined_into const& to) {
    held_.take(line);
    for (auto const& [ordinal, each] : line.group.parts()) add_event(line.tag, each.time_ns, each.record, to);
    counted += line.group.parts().size();
}

void part_joiner::add_event(std::string_view tag, std::int64_t time_ns, std::string_view record,
                            joined_into const& to) {
    event row;
    row.time_ns = time_ns;
    row.tag = to.events.tag_index(tag);
    write(record, row, to);
    to.events.events.push_back(row);
    ++to.counts.events;
}

void part_joiner::write(std::string_view record, event& row, joined_into const& to) {
    auto const begin = to.records.written();
    msgpack_reader from{record};
    msgpack_to_json transcoder{from, to.records, keys_};
    // Each part was transcoded before, or could be: nothing is nested deeper in all of them together.
    auto const problem = transcoder.value(nesting_max_);
    LOGPIPE_ASSERT(problem == transcode_problem::none);
    to.counts.escaped_strings += transcoder.escaped_strings();
    row.record_begin = static_cast<std::uint32_t>(begin);
    row.record_bytes = static_cast<std::uint32_t>(to.records.written() - begin);
}

}  // namespace logpipe::forward
