#include "event_decoder.hpp"

#include "codec/dead_letter_pack.hpp"
#include "core/assert.hpp"
#include "core/bytes.hpp"
#include "core/chunk_hash.hpp"
#include "json_writer.hpp"
#include "msgpack_reader.hpp"
#include "msgpack_to_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>
#include <random>
#include <vector>

namespace logpipe::forward {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t seconds_max = std::numeric_limits<std::int64_t>::max() / second_ns - 1;

/// Fluentd's EventTime: seconds and nanoseconds, 32 bits each, big-endian.
std::optional<std::int64_t> event_time(msgpack_token const& token) noexcept {
    if (token.header.extension_type != 0 || token.payload.size() != 8) return std::nullopt;
    auto const seconds = load_big<std::uint32_t>(token.payload.data());
    auto const nanoseconds = load_big<std::uint32_t>(token.payload.data() + 4);
    return std::int64_t{seconds} * second_ns + nanoseconds;
}

/// msgpack's own Timestamp, extension -1: seconds in 32 bits; nanoseconds in 30 and seconds in 34; or nanoseconds in 32
/// and seconds in 64. All big-endian.
std::optional<std::int64_t> timestamp(std::string_view payload) noexcept {
    std::int64_t seconds = 0;
    std::int64_t nanoseconds = 0;
    if (payload.size() == 4) {
        seconds = load_big<std::uint32_t>(payload.data());
    } else if (payload.size() == 8) {
        auto const both = load_big<std::uint64_t>(payload.data());
        nanoseconds = static_cast<std::int64_t>(both >> 34U);
        seconds = static_cast<std::int64_t>(both & ((std::uint64_t{1} << 34U) - 1));
    } else if (payload.size() == 12) {
        nanoseconds = load_big<std::uint32_t>(payload.data());
        seconds = static_cast<std::int64_t>(load_big<std::uint64_t>(payload.data() + 4));
    } else {
        return std::nullopt;
    }
    if (nanoseconds >= second_ns || seconds > seconds_max || seconds < -seconds_max) return std::nullopt;
    return seconds * second_ns + nanoseconds;
}

std::optional<std::int64_t> scalar_time(msgpack_token const& token) noexcept {
    switch (token.type()) {
        case msgpack_type::extension:
            return token.header.extension_type == -1 ? timestamp(token.payload) : event_time(token);
        case msgpack_type::nil:
            return 0;
        case msgpack_type::unsigned_integer:
        case msgpack_type::signed_integer: {
            auto const seconds = static_cast<std::int64_t>(token.header.value);
            auto const is_signed = token.type() == msgpack_type::signed_integer;
            if ((seconds < 0) != is_signed || seconds > seconds_max || seconds < -seconds_max) return std::nullopt;
            return seconds * second_ns;
        }
        case msgpack_type::real:
            if (!(std::abs(token.real()) < static_cast<double>(seconds_max))) return std::nullopt;
            return static_cast<std::int64_t>(token.real() * static_cast<double>(second_ns));
        default:
            return std::nullopt;
    }
}

}  // namespace

/// Where the events of one portion go.
struct event_decoder::target {
    batch& into;
    json_writer& records;
    std::uint32_t tag;
    event_id first_id;           // zero: the events get none
    std::uint32_t position = 0;  // of the next event, as sent
    // The first entry that was rejected has this row, which the pack of all of them gets where there are more.
    std::optional<std::uint32_t> rejected_row;
    std::uint32_t rejected_position = 0;
    codec::dead_letter_packer pack;
    bool is_acked = false;
    std::optional<found_part> part;  // the entry at hand is one
    std::vector<found_part> parts;
    // Where the portion begins.
    std::size_t first_row = into.events.size();
    std::size_t first_byte = records.written();

    [[nodiscard]] bool is_full() const noexcept {
        auto const rows = into.events.size() - first_row;
        return records.written() - first_byte + rows * sizeof(event) >= message_portions::portion_bytes;
    }
};

event_decoder::event_decoder(event_decoder_options options)
    : options_{options}, parts_{options.parts, options.limits.nesting_max} {
    std::random_device random;
    for (int i = 0; i < 4; ++i) salt_ += fmt::format("{:08x}", random());
}

void event_decoder::append(message_portions& message, batch& into) {
    change(into, [&] { append_portion(message, into); });
}

void event_decoder::append(part_check const& check, batch& into) {
    change(into, [&] {
        json_writer records{into.records};
        joined_into const to{.events = into, .records = records, .counts = counts_};
        if (check.now)
            parts_.pass_overdue(*check.now, to);
        else
            parts_.pass_all(to);
    });
}

template <class Action>
void event_decoder::change(batch& into, Action const& action) {
    auto const events = into.events.size();
    auto const records_bytes = into.records.size();
    auto const tags = into.tags.size();
    auto const counts = counts_;
    try {
        action();
    } catch (...) {
        into.events.resize(events);
        into.records.resize(records_bytes);
        std::erase_if(into.rejections, [&](rejection const& one) { return one.event >= events; });
        counts_ = counts;
        parts_.rollback();
        throw;
    }
    // A batch of tags alone is not one that could be read.
    if (into.events.size() == events) into.tags.resize(tags);
    parts_.commit(counts_);
}

void event_decoder::append_portion(message_portions& portions, batch& into) {
    // forward_source's limits keep a message's text within the 32 bits that an event has for its offset.
    LOGPIPE_ASSERT(into.records.size() <= std::numeric_limits<std::uint32_t>::max() / 2);
    auto const& message = portions.message();
    json_writer records{into.records};
    target to{.into = into,
              .records = records,
              .tag = into.tag_index(message.tag),
              .first_id = {},
              .is_acked = !message.chunk_msgpack.empty()};
    auto const has_id = !message.chunk.empty() && options_.trust_chunk_ids;
    auto const reject_whole = [&](std::string reason) {
        ++counts_.rejected_messages;
        if (has_id) to.first_id = chunk_hash(message.tag, message.chunk, message.whole);
        reject(message.whole, std::move(reason), to);
        portions.at_.is_whole = true;
    };
    if (message.rejected) return reject_whole(*message.rejected);
    if (!portions.is_open_)
        if (auto opened = portions.open(options_.limits, has_id); !opened)
            return reject_whole(in_context("the entries", opened.error()).message);
    to.first_id = portions.first_id_;
    to.position = portions.at_.position;
    portions.refill();
    auto const reached = append_entries(portions, to);
    // Not the id of any entry, nor of another portion's pack: a retry gives the entries theirs.
    if (to.pack.count() > 0) finish_pack(codec::pack_index - portions.at_.portions, to);
    if (!to.parts.empty()) finish_parts(message.tag, to);
    portions.at_ = {.bytes = reached.bytes,
                    .position = to.position,
                    .portions = portions.at_.portions + 1,
                    .is_whole = reached.is_last};
}

void event_decoder::finish_parts(std::string_view tag, target& to) {
    joined_into const joined{.events = to.into, .records = to.records, .counts = counts_};
    if (to.is_acked)
        parts_.join_within(to.parts, joined);
    else
        parts_.join_across(tag, to.parts, joined);
}

event_decoder::portion_end event_decoder::append_entries(message_portions const& message, target& to) {
    msgpack_reader from{message.entries()};
    from.go_to(message.at_.bytes);
    auto next = entry_end::read;
    while (next == entry_end::read && !from.at_end() && !to.is_full()) {
        if (to.position < options_.limits.entries_max) {
            next = append_entry(from, message, to);
            continue;
        }
        reject(from.rest(), fmt::format("entries after the first {}; that is the limit", to.position), to);
        next = entry_end::broken;
    }
    bool const is_last = next == entry_end::broken || (from.at_end() && !message.has_more());
    return {.bytes = from.position(), .is_last = is_last};
}

event_decoder::entry_end event_decoder::append_entry(msgpack_reader& from, message_portions const& message,
                                                     target& to) {
    auto const mode = message.message().mode;
    auto const event_bytes_max = options_.limits.event_bytes_max;
    auto const begin = from.position();
    auto const written = to.records.written();
    auto end = from;
    std::string reason;
    // Only then it may be too large; most messages are smaller as a whole.
    bool const may_be_large = from.rest().size() > event_bytes_max;
    if (may_be_large && skip_entry(end, mode) && end.position() - begin > event_bytes_max) {
        reject(end.since(begin), "an event above --event-bytes-max", to);
        from = end;
        return entry_end::read;
    }
    event row;
    to.part.reset();
    if (read_event(from, mode, to, row, reason)) {
        if (to.records.written() - written <= event_bytes_max) {
            add_event(row, written, to);
            ++to.position;
            return entry_end::read;
        }
        reason = fmt::format("an event above --event-bytes-max: {} bytes as JSON", to.records.written() - written);
    }
    to.records.rewind(written);
    from.go_to(begin);
    if (skip_entry(from, mode)) {
        reject(from.since(begin), std::move(reason), to);
        return entry_end::read;
    }
    from.go_to(begin);
    if (message.has_more() && from.rest().size() <= options_.limits.message_bytes_max) return entry_end::beyond;
    // Where more comes, it is part of the same entry, or nobody knows of which.
    reject(from.rest(), fmt::format("the chunk's bytes are broken from byte {} on", message.base_ + begin), to);
    return entry_end::broken;
}

bool event_decoder::skip_entry(msgpack_reader& from, forward_mode mode) {
    return from.skip() == msgpack_problem::none &&
           (mode != forward_mode::single || from.skip() == msgpack_problem::none);
}

void event_decoder::add_event(event& row, std::size_t record_begin, target& to) {
    if (to.part) {
        to.part->time_ns = row.time_ns;
        to.part->row = static_cast<std::uint32_t>(to.into.events.size());
        to.parts.push_back(*to.part);
        // It waits for the others, over more messages than this one.
        if (!to.is_acked) return to.records.rewind(record_begin);
        counts_.escaped_strings += to.part->escaped_strings;
    }
    row.id = to.first_id ? to.first_id.at(to.position) : event_id{};
    row.record_begin = static_cast<std::uint32_t>(record_begin);
    row.record_bytes = static_cast<std::uint32_t>(to.records.written() - record_begin);
    row.tag = to.tag;
    to.into.events.push_back(row);
    ++counts_.events;
}

bool event_decoder::read_event(msgpack_reader& from, forward_mode mode, target& to, event& row, std::string& reason) {
    if (mode != forward_mode::single) {
        msgpack_token entry;
        if (from.next(entry) != msgpack_problem::none) return false;
        if (entry.type() != msgpack_type::array || entry.header.value != 2) {
            reason = "an entry is not an array of a time and a record";
            return false;
        }
    }
    if (!read_time(from, row.time_ns)) {
        reason = "the entry's time is none";
        return false;
    }
    return read_record(from, to, reason);
}

/// A time, or [time, metadata] as in v1.5.
bool event_decoder::read_time(msgpack_reader& from, std::int64_t& time_ns) {
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none) return false;
    auto const has_metadata = token.type() == msgpack_type::array;
    if (has_metadata && (token.header.value != 2 || from.next(token) != msgpack_problem::none)) return false;
    auto const time = scalar_time(token);
    if (!time) return false;
    if (has_metadata) {
        if (from.skip() != msgpack_problem::none) return false;
        ++counts_.metadata_dropped;
    }
    time_ns = *time;
    return true;
}

bool event_decoder::read_record(msgpack_reader& from, target& to, std::string& reason) {
    auto const begin = from.position();
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none) return false;
    if (token.is_text()) {
        to.records.raw(token.payload);
        return true;
    }
    if (token.type() != msgpack_type::map) {
        reason = fmt::format("the record is a msgpack {}, not a map", name_of(token.type()));
        return false;
    }
    from.go_to(begin);
    msgpack_to_json transcoder{from, to.records, keys_};
    auto const problem = transcoder.value(options_.limits.nesting_max);
    if (problem != transcode_problem::none) {
        reason = describe(problem);
        return false;
    }
    if (transcoder.has_part_key() && parts_.is_on())
        if (auto const part = read_part(from.since(begin))) {
            to.part = {.part = *part, .record = from.since(begin), .escaped_strings = transcoder.escaped_strings()};
            return true;
        }
    counts_.escaped_strings += transcoder.escaped_strings();
    return true;
}

void event_decoder::reject(std::string_view bytes, std::string reason, target& to) {
    // A dead letter is written and read as a whole.
    if (auto const most = options_.limits.event_bytes_max; bytes.size() > most) {
        reason += fmt::format(" (the first {} of {} bytes)", most, bytes.size());
        bytes = bytes.substr(0, most);
    }
    if (to.rejected_row) {
        reject_also(bytes, reason, to);
    } else {
        reject_first(bytes, std::move(reason), to);
    }
    ++to.position;
    ++counts_.events;
    ++counts_.rejected_events;
}

void event_decoder::reject_first(std::string_view bytes, std::string reason, target& to) {
    event row;
    row.id = id_of_rejected(to, bytes);
    row.record_begin = static_cast<std::uint32_t>(to.records.written());
    row.record_bytes = static_cast<std::uint32_t>(bytes.size());
    row.tag = to.tag;
    to.records.raw(bytes);
    to.into.events.push_back(row);
    to.rejected_row = static_cast<std::uint32_t>(to.into.events.size() - 1);
    to.rejected_position = to.position;
    to.into.reject(*to.rejected_row, "forward", std::move(reason));
}

void event_decoder::reject_also(std::string_view bytes, std::string_view reason, target& to) {
    if (to.pack.count() == 0)
        to.pack.add(to.rejected_position, to.into.rejections.back().reason,
                    to.into.record(to.into.events[*to.rejected_row]));
    to.pack.add(to.position, reason, bytes);
}

void event_decoder::finish_pack(std::uint32_t index, target& to) {
    auto& row = to.into.events[*to.rejected_row];
    auto& reason = to.into.rejections.back();
    reason.reason = to.pack.reasons();
    reason.entries = to.pack.count();
    auto const record = to.pack.finish();
    row.id = row.id.at(index);
    row.record_begin = static_cast<std::uint32_t>(to.records.written());
    row.record_bytes = static_cast<std::uint32_t>(record.size());
    to.records.raw(record);
}

event_id event_decoder::id_of_rejected(target const& to, std::string_view bytes) {
    if (to.first_id) return to.first_id.at(to.position);
    return chunk_hash(fmt::format("{}", counts_.events), salt_, bytes);
}

}  // namespace logpipe::forward
