#include "course.hpp"

#include "msgpack_writer.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace logpipe::sim {

namespace {

constexpr std::array<std::string_view, 5> kind_names{"good", "bad", "poison", "curable", "broken"};

event_kind kind_by(chance& by) {
    switch (by.below(24)) {
        case 0:
            return event_kind::bad;
        case 1:
            return event_kind::poison;
        case 2:
            return event_kind::curable;
        case 3:
            return by.in(3) ? event_kind::broken : event_kind::bad;
        default:
            return event_kind::good;
    }
}

}  // namespace

std::string_view name_of(invariant which) noexcept {
    constexpr std::array<std::string_view, 13> names{"none",       "stored", "stored-once", "in-its-place",
                                                     "acked-late", "ledger", "position",    "not-freed",
                                                     "attempts",   "memory", "no-stall",    "no-failure"};
    return names.at(static_cast<std::size_t>(which));
}

sent_message& course::make_message(chance& by, bool wants_ack) {
    auto& made = messages_.emplace_back();
    auto const count = 1 + by.below(5);
    std::string entries;
    for (std::size_t i = 0; i < count; ++i) add_event(made, entries, by);
    forward::msgpack_writer write{made.bytes};
    bool const is_packed = by.in(2);
    write.array(wants_ack ? 3 : 2);
    write.string("app");
    if (is_packed) {
        write.binary(entries);
    } else {
        write.array(static_cast<std::uint32_t>(count));
        made.bytes += entries;
    }
    if (wants_ack) {
        made.chunk = fmt::format("chunk {}", messages_.size());
        write.map(1);
        write.string("chunk");
        write.string(made.chunk);
        by_chunk_.emplace(made.chunk, &made);
    }
    return made;
}

void course::add_event(sent_message& to, std::string& entries, chance& by) {
    auto& made = events_.emplace_back();
    auto const serial = static_cast<std::int64_t>(events_.size());
    made.kind = kind_by(by);
    // Entries that are rejected in one message are one dead letter: one of them is enough.
    for (auto const* each : to.events)
        if (each->kind == event_kind::broken) made.kind = event_kind::good;
    std::string entry;
    forward::msgpack_writer write{entry};
    write.array(2);
    write.integer(1);
    if (made.kind == event_kind::broken) {
        write.array(1);  // where a map should be
        write.string(fmt::format("broken {}", serial));
        made.record = entry;
    } else {
        auto const name = kind_names.at(static_cast<std::size_t>(made.kind));
        auto const text = std::string(by.below(by.in(20) ? 900 : 60), 'x');
        write.map(3);
        write.string("serial");
        write.integer(serial);
        write.string("is");
        write.string(name);
        write.string("text");
        write.string(text);
        made.record = fmt::format(R"({{"serial":{},"is":"{}","text":"{}"}})", serial, name, text);
    }
    entries += entry;
    to.events.push_back(&made);
    by_record_.emplace(made.record, &made);
}

sent_message* course::message_of(std::string_view chunk) {
    auto const found = by_chunk_.find(chunk);
    return found == by_chunk_.end() ? nullptr : found->second;
}

sent_event* course::event_of(std::string_view record) {
    auto const found = by_record_.find(record);
    return found == by_record_.end() ? nullptr : found->second;
}

void course::promise(std::string_view record, std::uint32_t machine) {
    if (auto* const found = event_of(record))
        found->promised_by |= machine;
    else
        wrong(invariant::stored_once, fmt::format("nobody has sent {}", record.substr(0, 60)));
}

std::string course::when() const {
    return fmt::format("t={:.3f}s", static_cast<double>(time.running_ns() - 1'000'000'000) / 1e9);
}

void course::tell(std::string words) {
    mix(static_cast<std::uint64_t>(time.running_ns()));
    story_.push_back(when() + " " + std::move(words));
}

void course::wrong(invariant which, std::string words) {
    if (is_broken()) return;
    broken_ = which;
    words_ = when() + " " + std::move(words);
}

outcome course::end() {
    return {.broken = broken_,
            .words = std::move(words_),
            .story = std::move(story_),
            .digest = digest_,
            .events = events_.size(),
            .faults = 0};
}

}  // namespace logpipe::sim
