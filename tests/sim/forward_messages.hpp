// What the clients of the simulation send, and what is to become of it.
#pragma once

#include "logpipe/event.hpp"
#include "msgpack_writer.hpp"
#include "support/partial_messages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::test {

struct forward_message_sent {
    std::string chunk;                 ///< empty: no ack is wanted
    std::string bytes;                 ///< the same each time that it is sent
    std::vector<std::string> records;  ///< as they are to be stored, or as dead letters
    bool acked = false;
};

/// All messages of one simulation. Addresses stay.
class forward_messages final {
  public:
    static constexpr std::size_t message_bytes_max = 2'000;

    explicit forward_messages(std::mt19937_64& random) : random_{random} {}

    forward_message_sent& make(bool wants_ack) {
        auto& made = all_.emplace_back();
        if (wants_ack) {
            made.chunk = fmt::format("chunk {}", ++serial_);
            by_chunk_.emplace(made.chunk, &made);
        }
        auto const mode = pick(3);
        forward::msgpack_writer write{made.bytes};
        auto const has_options = wants_ack || mode == packed;
        write.array((mode == single ? 3U : 2U) + (has_options ? 1U : 0U));
        write.string("app");
        if (mode == single) {
            add_entry(made, made.bytes, true);
        } else {
            auto count = 1 + pick(5);
            std::string entries;
            auto const with_bad_one = pick(4) == 0 ? pick(count) : count;
            for (std::size_t i = 0; i < count; ++i) add_entry(made, entries, false, i == with_bad_one);
            if (pick(4) == 0) count += add_parts(made, entries);
            if (mode == listed) {
                write.array(static_cast<std::uint32_t>(count));
                made.bytes += entries;
            } else {
                write.binary(entries);
            }
        }
        if (has_options) write.map(wants_ack ? 1 : 0);
        if (wants_ack) {
            write.string("chunk");
            write.string(made.chunk);
        }
        if (made.bytes.size() > message_bytes_max) made.records = {made.bytes};  // a dead letter as a whole
        return made;
    }

    [[nodiscard]] std::deque<forward_message_sent>& all() noexcept { return all_; }
    /// @return null where nobody has sent it
    [[nodiscard]] forward_message_sent* of_chunk(std::string_view chunk) {
        auto const found = by_chunk_.find(std::string{chunk});
        return found == by_chunk_.end() ? nullptr : found->second;
    }

  private:
    enum modes : std::size_t { single, listed, packed };

    std::size_t pick(std::size_t below) { return static_cast<std::size_t>(random_() % below); }

    void add_entry(forward_message_sent& to, std::string& entries, bool is_single, bool is_bad = false) {
        std::string entry;
        forward::msgpack_writer write{entry};
        if (!is_single) write.array(2);
        write.integer(1);
        auto const serial = static_cast<std::int64_t>(++serial_);
        if (is_bad) {
            write.array(1);  // where a map should be
            write.string(fmt::format("bad {}", serial));
            to.records.push_back(entry);
        } else {
            auto const text = std::string(pick(20) == 0 ? message_bytes_max : pick(100), 'x');
            write.map(2);
            write.string("serial");
            write.integer(serial);
            write.string("text");
            write.string(text);
            to.records.push_back(fmt::format(R"({{"serial":{},"text":"{}"}})", serial, text));
        }
        entries += entry;
    }

    /// A line that was cut, as far as it is in this message. @return how many entries that is
    std::size_t add_parts(forward_message_sent& to, std::string& entries) {
        auto const count = 2 + pick(2);
        auto const sent = count - pick(2);
        partial_record part{.id = fmt::format("line {}", ++serial_)};
        std::string line;
        for (; part.ordinal <= sent; ++part.ordinal) {
            part.is_last = part.ordinal == count;
            part.log = fmt::format("{} ", ++serial_);
            forward::msgpack_writer write{entries};
            write.array(2);
            write.integer(1);
            entries += to_msgpack(part);
            line += part.log;
            if (sent < count) to.records.push_back(json_of_part(part));
        }
        if (sent == count) to.records.push_back(json_of_line(line));
        return sent;
    }

    std::mt19937_64& random_;
    std::uint64_t serial_ = 0;
    std::deque<forward_message_sent> all_;
    std::map<std::string, forward_message_sent*> by_chunk_;
};

/// The memory sink: what is in it is safe.
class forward_store final {
  public:
    void insert(batch const& events) {
        for (auto const& row : events.events) {
            auto const id = row.id ? row.id : event_id{.high = 0, .low = ++minted_};  // as the journal does
            ids_[std::string{events.record(row)}].insert(id);
        }
    }
    [[nodiscard]] std::size_t count(std::string const& record) const {
        auto const found = ids_.find(record);
        return found == ids_.end() ? 0 : found->second.size();
    }
    [[nodiscard]] bool has_all(forward_message_sent const& message) const {
        return std::ranges::all_of(message.records, [&](auto const& record) { return count(record) > 0; });
    }

  private:
    std::map<std::string, std::set<event_id>> ids_;
    std::uint64_t minted_ = 0;
};

}  // namespace logpipe::test
