#include "packed_letter.hpp"

#include "codec/dead_letter_pack.hpp"
#include "core/clean_text.hpp"

#include <fmt/format.h>

namespace logpipe::audit {

namespace {

// Shown of one entry.
constexpr std::size_t shown_bytes_max = 200;

/// As text where it is text, else in hexadecimal, on one line.
std::string shown(std::string_view bytes) {
    auto const beginning = bytes.substr(0, shown_bytes_max);
    std::string out = clean_line(beginning);
    if (out != beginning) {
        out.clear();
        for (char const byte : beginning) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
    }
    if (beginning.size() < bytes.size()) out += "…";
    return out;
}

}  // namespace

result<> each_event_of(dead_letter const& letter, std::function<result<>(dead_letter&&)> const& each) {
    if (letter.entries == 0) return each(dead_letter{letter});
    auto unpacked = codec::unpack_dead_letter(letter.record, [&](codec::packed_entry const& entry) {
        return each({.id = letter.id.at(entry.index),
                     .stage = letter.stage,
                     .reason = std::string{entry.reason},
                     .origin = letter.origin,
                     .tag = letter.tag,
                     .time_ns = letter.time_ns,
                     .event_time_ns = letter.event_time_ns,
                     .received_ns = letter.received_ns,
                     .record = std::string{entry.bytes}});
    });
    if (!unpacked && unpacked.error().code == errc::corrupt) return error{errc::rejected, unpacked.error().message};
    return unpacked;
}

result<> event_sender::add(dead_letter&& event) {
    bytes_ += bytes_of(event);
    events_.push_back(std::move(event));
    return events_.size() >= portion_letters_max || bytes_ >= portion_bytes_max ? finish() : result<>{};
}

result<> event_sender::finish() {
    if (events_.empty()) return {};
    auto sent = to_(events_);
    events_.clear();
    bytes_ = 0;
    return sent;
}

std::string readable_entries(dead_letter const& letter, std::size_t entries_max) {
    std::string out;
    std::size_t count = 0;
    auto const unpacked = codec::unpack_dead_letter(letter.record, [&](codec::packed_entry const& entry) -> result<> {
        if (count++ < entries_max)
            out += fmt::format("entry {} ({}), {} bytes: {}\n", entry.index, clean_line(entry.reason),
                               entry.bytes.size(), shown(entry.bytes));
        return {};
    });
    if (!unpacked) return unpacked.error().message + "\n";
    if (count > entries_max) out += fmt::format("and {} more entries\n", count - entries_max);
    return out;
}

}  // namespace logpipe::audit
