#include "forward_message.hpp"

#include "base/utf8.hpp"
#include "msgpack_reader.hpp"

#include <fmt/format.h>

namespace logpipe {

namespace {

/// One value of the options. The reader stands before it and is left behind it.
void read_option(std::string_view name, msgpack_reader& from, forward_message& into) {
    auto const begin = from.position();
    msgpack_token value;
    if (from.next(value) != msgpack_problem::none) return;
    if (name == "chunk" && value.is_text() && !value.payload.empty()) {
        if (value.payload.size() > forward_message::chunk_bytes_max) {
            into.refused = fmt::format("a chunk id of {} bytes; the limit is {}", value.payload.size(),
                                       forward_message::chunk_bytes_max);
        } else {
            into.chunk = value.payload;
            into.chunk_msgpack = from.since(begin);
        }
    } else if (name == "compressed" && into.mode == forward_mode::packed && value.payload != "text") {
        into.is_gzip = value.payload == "gzip";
        if (!into.is_gzip)
            into.refused = fmt::format("compressed by \"{}\"; only gzip is taken", value.payload.substr(0, 32));
    } else if (name == "fluent_signal" && value.type() == msgpack_type::unsigned_integer && value.header.value != 0) {
        into.refused = fmt::format("fluent_signal {}: metrics and traces are not taken, only logs", value.header.value);
    }
    from.go_to(begin);
    (void)from.skip();  // the value is whole: the stream has been over it
}

void read_options(msgpack_reader& from, forward_message& into) {
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none || token.type() == msgpack_type::nil) return;
    if (token.type() != msgpack_type::map) {
        into.refused = fmt::format("the options are a {}, not a map", name_of(token.type()));
        return;
    }
    for (auto left = token.header.value; left > 0; --left) {
        msgpack_token name;
        auto const begin = from.position();
        if (from.next(name) != msgpack_problem::none) return;
        if (name.is_text()) {
            read_option(name.payload, from, into);
        } else {
            from.go_to(begin);
            (void)from.skip();
            (void)from.skip();
        }
    }
}

/// The reader stands behind the tag. @return false where the second element is none of the protocol's.
bool read_entries(msgpack_reader& from, std::uint64_t elements, forward_limits const& limits, forward_message& into) {
    auto const begin = from.position();
    msgpack_token second;
    if (from.next(second) != msgpack_problem::none) return false;
    switch (second.type()) {
        case msgpack_type::string:
        case msgpack_type::binary:
            into.entries = second.payload;
            return true;
        case msgpack_type::array: {
            if (second.header.value > limits.entries_max)
                into.refused = fmt::format("{} entries; the limit is {}", second.header.value, limits.entries_max);
            into.mode = forward_mode::listed;
            auto const first_entry = from.position();
            from.go_to(begin);
            (void)from.skip();
            into.entries = from.since(first_entry);
            return true;
        }
        case msgpack_type::map:
        case msgpack_type::boolean:
            return false;
        default:
            if (elements < 3) return false;
            into.mode = forward_mode::single;
            (void)from.skip();
            into.entries = from.since(begin);
            return true;
    }
}

}  // namespace

std::optional<forward_message> read_forward_message(std::string_view value, forward_limits const& limits) {
    msgpack_reader from{value};
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none || token.type() != msgpack_type::array) return std::nullopt;
    auto const elements = token.header.value;
    forward_message message;
    message.whole = value;
    auto const refuse = [&](std::string why) {
        message.refused = std::move(why);
        return message;
    };
    if (elements < 2 || elements > 4) return refuse(fmt::format("an array of {} is no forward message", elements));
    if (from.next(token) != msgpack_problem::none || !token.is_text()) return refuse("the tag is no string");
    if (token.payload.size() > forward_message::tag_bytes_max)
        return refuse(
            fmt::format("a tag of {} bytes; the limit is {}", token.payload.size(), forward_message::tag_bytes_max));
    if (!is_utf8(token.payload)) return refuse("the tag is not UTF-8");
    message.tag = token.payload;
    if (!read_entries(from, elements, limits, message)) return refuse("after the tag comes neither a time nor entries");
    if (from.at_end()) return message;
    read_options(from, message);
    if (!from.at_end() && !message.refused) return refuse("more elements than the protocol has");
    return message;
}

}  // namespace logpipe
