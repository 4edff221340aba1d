#include "status/tap_line.hpp"

#include "codec/base64.hpp"
#include "core/clean_text.hpp"
#include "core/clock.hpp"
#include "core/json_writer.hpp"
#include "core/utf8.hpp"
#include "logpipe/tap.hpp"

#include <fmt/format.h>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <array>

namespace logpipe::status {

namespace {

bool is_json(std::string_view text) {
    // On the stack, as most lines fit there: this is what a tap costs most by.
    std::array<unsigned char, 8192> room;
    boost::json::monotonic_resource memory{room.data(), room.size()};
    boost::system::error_code failed;
    static_cast<void>(boost::json::parse(text, failed, &memory, {.max_depth = 64}));
    return !failed;
}

void add_payload(json_object& line, std::string_view payload) {
    if (!is_utf8(payload)) {
        std::string encoded(codec::base64_bytes(payload.size()), '\0');
        codec::write_base64(encoded.data(), payload);
        line.add("base64", encoded);
    } else if (is_json(payload)) {
        std::string on_one_line{payload};
        // In JSON a line feed can only stand between tokens.
        std::ranges::replace_if(on_one_line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
        line.add("event", json_value{on_one_line});
    } else {
        line.add("text", payload);
    }
}

}  // namespace

std::string to_json_line(tapped_event const& event) {
    std::string out;
    {
        json_object line{out};
        line.add("stage", event.where);
        if (event.id) line.add("id", event.id.text());
        line.add("tag", event.tag);
        if (event.time_ns != 0) line.add("time", exact_iso_time(event.time_ns));
        if (event.received_ns != 0) line.add("received", exact_iso_time(event.received_ns));
        if (!event.origin.empty()) line.add("origin", event.origin);
        if (!event.rejected.empty()) line.add("rejected", event.rejected);
        add_payload(line, event.payload);
    }
    out.push_back('\n');
    return out;
}

std::string to_readable_line(tapped_event const& event) {
    auto const time_ns = event.received_ns != 0 ? event.received_ns : event.time_ns;
    return fmt::format(
        "{} {} {}{} {}\n", time_ns != 0 ? exact_iso_time(time_ns) : std::string{"-"}, clean_line(event.where),
        clean_line(event.tag),
        event.rejected.empty() ? std::string{} : fmt::format(" REJECTED ({})", clean_line(event.rejected)),
        clean_line(event.payload));
}

}  // namespace logpipe::status
