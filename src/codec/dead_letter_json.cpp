// Dead letters as text.
#include "codec/dead_letter_json.hpp"

#include "codec/base64.hpp"
#include "core/clock.hpp"
#include "core/json_writer.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>
#include <boost/json.hpp>

#include <optional>

namespace logpipe::codec {

namespace {

namespace json = boost::json;

error unreadable(std::string_view reason) {
    return {errc::corrupt, fmt::format("invalid dead letter: {}", reason)};
}

/// None where it is missing or no text.
std::optional<std::string> text_of(json::object const& letter, std::string_view name) {
    auto const* value = letter.if_contains(name);
    auto const* text = value == nullptr ? nullptr : value->if_string();
    if (text == nullptr) return std::nullopt;
    return std::string{*text};
}

result<> read_times(json::object const& from, dead_letter& into) {
    for (auto const& [name, time] :
         {std::pair{"time", &into.time_ns}, {"event_time", &into.event_time_ns}, {"received", &into.received_ns}}) {
        auto const text = text_of(from, name);
        if (!text) continue;
        auto const parsed = parse_iso_time(*text);
        if (!parsed) return unreadable(fmt::format("invalid time in \"{}\"", name));
        *time = *parsed;
    }
    return {};
}

result<> read_record(json::object const& from, dead_letter& into) {
    if (auto record = text_of(from, "record")) {
        into.record = *std::move(record);
        return {};
    }
    auto const encoded = text_of(from, "record_base64");
    auto record = encoded ? read_base64(*encoded) : std::nullopt;
    if (!record) return unreadable("the record is missing");
    into.record = *std::move(record);
    return {};
}

}  // namespace

std::string to_json(dead_letter const& letter) {
    return to_json(view_of(letter));
}

std::string to_json(dead_letter_view const& letter) {
    std::string out;
    {
        json_object whole{out};
        if (letter.id) whole.add("id", letter.id.text());
        whole.add("stage", letter.stage);
        whole.add("reason", letter.reason);
        whole.add("origin", letter.origin);
        whole.add("tag", letter.tag);
        whole.add("time", iso_time(letter.time_ns));
        if (letter.event_time_ns != 0) whole.add("event_time", exact_iso_time(letter.event_time_ns));
        if (letter.received_ns != 0) whole.add("received", exact_iso_time(letter.received_ns));
        if (letter.entries > 0) whole.add("entries", letter.entries);
        if (!letter.part.is_whole()) {
            whole.add("part", letter.part.index);
            whole.add("parts", letter.part.count);
        }
        if (is_utf8(letter.record)) {
            whole.add("record", letter.record);
        } else {
            std::string encoded(base64_bytes(letter.record.size()), '\0');
            write_base64(encoded.data(), letter.record);
            whole.add("record_base64", encoded);
        }
    }
    return out;
}

result<dead_letter> parse_dead_letter(std::string_view text) {
    boost::system::error_code failed;
    auto const parsed = json::parse(json::string_view{text.data(), text.size()}, failed);
    if (failed) return unreadable(failed.message());
    auto const* from = parsed.if_object();
    if (from == nullptr) return unreadable("expected an object");
    dead_letter letter;
    if (auto const id = text_of(*from, "id")) {
        auto const read = event_id::parse(*id);
        if (!read) return unreadable("invalid id in \"id\"");
        letter.id = *read;
    }
    for (auto const& [name, into] : {std::pair{"stage", &letter.stage}, {"reason", &letter.reason}}) {
        auto value = text_of(*from, name);
        if (!value) return unreadable(fmt::format("\"{}\" is missing", name));
        *into = *std::move(value);
    }
    letter.origin = text_of(*from, "origin").value_or(std::string{});
    letter.tag = text_of(*from, "tag").value_or(std::string{});
    if (auto read = read_times(*from, letter); !read) return read.error();
    if (auto read = read_record(*from, letter); !read) return read.error();
    return letter;
}

}  // namespace logpipe::codec
