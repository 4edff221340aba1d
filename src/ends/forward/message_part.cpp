#include "message_part.hpp"

#include "msgpack_reader.hpp"
#include "msgpack_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace logpipe::forward {

namespace {

constexpr std::string_view id_key = "partial_id";
constexpr std::string_view ordinal_key = "partial_ordinal";
constexpr std::string_view last_key = "partial_last";
constexpr std::string_view log_key = "log";
constexpr std::array part_keys{message_part::key, id_key, ordinal_key, last_key};
// The limit of a message's entries, about. A line of so many parts has 64 GiB.
constexpr std::uint32_t ordinal_max = 4'000'000;

/// @param action  called with each key's text (empty: it is not one), the value's first token, and the bytes of both
/// @return false where the record is not a map
template <class Action>
bool for_each_member(std::string_view record, Action const& action) {
    msgpack_reader from{record};
    msgpack_token map;
    if (from.next(map) != msgpack_problem::none || map.type() != msgpack_type::map) return false;
    for (auto left = map.header.value; left > 0; --left) {
        auto const begin = from.position();
        msgpack_token name;
        msgpack_token value;
        if (from.next(name) != msgpack_problem::none) return false;
        auto const value_begin = from.position();
        if (from.next(value) != msgpack_problem::none) return false;
        from.go_to(value_begin);
        if (from.skip() != msgpack_problem::none) return false;
        action(name.is_text() ? name.payload : std::string_view{}, value, from.since(begin));
    }
    return true;
}

/// The text of one key's value. A record that has the key twice, or another value, is not a part.
struct text_member {
    std::string_view text;
    std::size_t count = 0;

    void take(msgpack_token const& value) {
        count += value.is_text() ? 1U : 2U;
        text = value.payload;
    }
};

}  // namespace

std::optional<message_part> read_part(std::string_view record) {
    text_member message;
    text_member id;
    text_member ordinal;
    text_member last;
    text_member log;
    auto const is_map = for_each_member(record, [&](std::string_view name, msgpack_token const& value, auto) {
        if (name == message_part::key) message.take(value);
        if (name == id_key) id.take(value);
        if (name == ordinal_key) ordinal.take(value);
        if (name == last_key) last.take(value);
        if (name == log_key) log.take(value);
    });
    auto const is_once = [](auto const&... each) { return ((each.count == 1) && ...); };
    if (!is_map || !is_once(message, id, ordinal, last, log)) return std::nullopt;
    if (message.text != "true" || id.text.empty()) return std::nullopt;
    message_part part{.id = id.text, .is_last = last.text == "true", .log = log.text};
    if (!part.is_last && last.text != "false") return std::nullopt;
    auto const* const end = ordinal.text.data() + ordinal.text.size();
    auto const [rest, failed] = std::from_chars(ordinal.text.data(), end, part.ordinal);
    if (failed != std::errc{} || rest != end || part.ordinal == 0 || part.ordinal > ordinal_max) return std::nullopt;
    return part;
}

std::string join_parts(std::span<std::string_view const> records) {
    std::string line;
    for (auto const record : records) line += read_part(record).value().log;
    std::string members;
    std::uint32_t count = 0;
    msgpack_writer write{members};
    for_each_member(records.front(), [&](std::string_view name, msgpack_token const&, std::string_view bytes) {
        if (std::ranges::find(part_keys, name) != part_keys.end()) return;
        ++count;
        if (name != log_key) {
            members += bytes;
            return;
        }
        write.string(name);
        write.string(line);
    });
    std::string joined;
    msgpack_writer{joined}.map(count);
    return joined += members;
}

}  // namespace logpipe::forward
