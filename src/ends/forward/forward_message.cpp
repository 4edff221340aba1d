#include "forward_message.hpp"

#include "core/utf8.hpp"
#include "msgpack_reader.hpp"

#include <fmt/format.h>

namespace logpipe::forward {

namespace {

/// The first reason stays.
void reject(forward_message& message, std::string reason) {
    if (!message.rejected) message.rejected = std::move(reason);
}

/// The client waits for the ack whatever is wrong with its message, so it is kept whatever it is. Only a string of
/// sane length makes event ids: others (a counter, an empty one) need not differ from chunk to chunk.
void read_chunk(msgpack_token const& value, std::string_view as_it_came, forward_message& into) {
    if (value.type() == msgpack_type::nil) return;
    into.chunk_msgpack = as_it_came;
    into.chunk = {};
    if (!value.is_text()) return;
    if (value.payload.size() <= forward_message::chunk_bytes_max)
        into.chunk = value.payload;
    else
        reject(into, fmt::format("a chunk id of {} bytes; the limit is {}", value.payload.size(),
                                 forward_message::chunk_bytes_max));
}

void read_compression(msgpack_token const& value, forward_message& into) {
    using enum forward_compression;
    auto const name = value.is_text() ? value.payload : std::string_view{};
    into.compression = name == "gzip" ? gzip : name == "zstd" ? zstd : none;
    if (into.compression != none || value.type() == msgpack_type::nil) return;
    if (!value.is_text())
        reject(into, fmt::format("the compression is of type {}, not a string", name_of(value.type())));
    else if (!name.empty() && name != "text")
        reject(into, fmt::format("unknown compression \"{}\": gzip and zstd are known", name.substr(0, 32)));
}

/// One value of the options. The reader is before it and is left after it.
void read_option(std::string_view name, msgpack_reader& from, forward_message& into) {
    auto const begin = from.position();
    msgpack_token value;
    if (from.next(value) != msgpack_problem::none) return;
    from.go_to(begin);
    (void)from.skip();  // the value is whole: the stream has been over it
    if (name == "chunk")
        read_chunk(value, from.since(begin), into);
    else if (name == "compressed" && into.mode == forward_mode::packed)
        read_compression(value, into);
    else if (name == "fluent_signal" && value.type() == msgpack_type::unsigned_integer && value.header.value != 0)
        reject(into, fmt::format("fluent_signal {}: metrics and traces are not taken, only logs", value.header.value));
}

void read_options(msgpack_reader& from, forward_message& into) {
    msgpack_token token;
    if (from.next(token) != msgpack_problem::none || token.type() == msgpack_type::nil) return;
    if (token.type() != msgpack_type::map) {
        reject(into, fmt::format("the options are of type {}, not a map", name_of(token.type())));
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

/// The reader is left after the tag, good or bad. A bad one is not taken.
void read_tag(msgpack_reader& from, forward_message& into) {
    auto const begin = from.position();
    msgpack_token tag;
    if (from.next(tag) != msgpack_problem::none) return;
    if (!tag.is_text()) {
        reject(into, fmt::format("the tag is of type {}, not a string", name_of(tag.type())));
        from.go_to(begin);
        (void)from.skip();
    } else if (tag.payload.size() > forward_message::tag_bytes_max) {
        reject(into,
               fmt::format("a tag of {} bytes; the limit is {}", tag.payload.size(), forward_message::tag_bytes_max));
    } else if (!is_utf8(tag.payload)) {
        reject(into, "the tag is not UTF-8");
    } else {
        into.tag = tag.payload;
    }
}

/// Entries are arrays themselves: a scalar and a map are the [time, metadata] of a v1.5 Message.
bool is_time_with_metadata(msgpack_reader from, std::uint64_t count) {
    msgpack_token time;
    msgpack_token metadata;
    if (count != 2 || from.next(time) != msgpack_problem::none) return false;
    if (time.type() == msgpack_type::array || time.type() == msgpack_type::map) return false;
    return from.next(metadata) == msgpack_problem::none && metadata.type() == msgpack_type::map;
}

/// The reader is after the tag and is left after what the entries take.
/// @return how many elements that is: one, or two of a Message.
std::uint64_t read_entries(msgpack_reader& from, std::uint64_t elements, forward_limits const& limits,
                           forward_message& into) {
    auto const begin = from.position();
    msgpack_token second;
    if (from.next(second) != msgpack_problem::none) return 1;
    auto const first_entry = from.position();
    from.go_to(begin);
    (void)from.skip();
    auto const take_message = [&] {
        if (elements < 3) {
            reject(into, "after the tag comes a time, but no record");
            return std::uint64_t{1};
        }
        into.mode = forward_mode::single;
        (void)from.skip();
        into.entries = from.since(begin);
        return std::uint64_t{2};
    };
    switch (second.type()) {
        case msgpack_type::string:
        case msgpack_type::binary:
            into.entries = second.payload;
            return 1;
        case msgpack_type::array: {
            msgpack_reader inside{from.since(first_entry)};
            if (elements > 2 && is_time_with_metadata(inside, second.header.value)) return take_message();
            if (second.header.value > limits.entries_max)
                reject(into, fmt::format("{} entries; the limit is {}", second.header.value, limits.entries_max));
            into.mode = forward_mode::listed;
            into.entries = from.since(first_entry);
            return 1;
        }
        case msgpack_type::map:
        case msgpack_type::boolean:
            reject(into, fmt::format("after the tag comes a value of type {}: neither a time nor entries",
                                     name_of(second.type())));
            return 1;
        default:
            return take_message();
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
    if (elements < 2 || elements > 4)
        reject(message, fmt::format("an array of {} elements is not a forward message", elements));
    std::uint64_t taken = 0;
    if (elements > 0) {
        read_tag(from, message);
        ++taken;
    }
    if (elements > 1) taken += read_entries(from, elements, limits, message);
    // Whatever is wrong before: whether the client wants an ack is in the last element.
    for (; taken + 1 < elements; ++taken) {
        reject(message, "more elements than the protocol has");
        (void)from.skip();
    }
    if (taken < elements) read_options(from, message);
    return message;
}

forward_message read_oversized_message(std::string_view beginning, std::string_view options, std::string reason) {
    forward_message message;
    message.whole = beginning;
    message.rejected = std::move(reason);
    msgpack_reader from{beginning};
    msgpack_token array;
    if (from.next(array) == msgpack_problem::none && array.header.value > 0) read_tag(from, message);
    msgpack_reader last{options};
    read_options(last, message);
    return message;
}

}  // namespace logpipe::forward
