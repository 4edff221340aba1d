#include "msgpack_reader.hpp"

#include "core/bytes.hpp"

#include <bit>

namespace logpipe::forward {

namespace {

/// Reads the number of `Number`'s width after the type byte.
template <class Number>
bool read_number(std::string_view bytes, msgpack_header& into) noexcept {
    if (bytes.size() < 1 + sizeof(Number)) return false;
    into.bytes = 1 + sizeof(Number);
    into.value = load_big<Number>(bytes.data() + 1);
    return true;
}

template <class Number>
msgpack_problem sized(msgpack_type type, std::string_view bytes, msgpack_header& into) noexcept {
    into.type = type;
    return read_number<Number>(bytes, into) ? msgpack_problem::none : msgpack_problem::truncated;
}

template <class Number>
msgpack_problem signed_number(std::string_view bytes, msgpack_header& into) noexcept {
    if (!read_number<Number>(bytes, into)) return msgpack_problem::truncated;
    auto const number = static_cast<std::int64_t>(static_cast<std::make_signed_t<Number>>(into.value));
    into.type = number < 0 ? msgpack_type::signed_integer : msgpack_type::unsigned_integer;
    into.value = static_cast<std::uint64_t>(number);
    return msgpack_problem::none;
}

template <class Bits, class Real>
msgpack_problem real_number(std::string_view bytes, msgpack_header& into) noexcept {
    if (!read_number<Bits>(bytes, into)) return msgpack_problem::truncated;
    into.type = msgpack_type::real;
    into.value = std::bit_cast<std::uint64_t>(static_cast<double>(std::bit_cast<Real>(static_cast<Bits>(into.value))));
    return msgpack_problem::none;
}

/// `length_bytes` of length, then the extension's type.
template <class Number>
msgpack_problem extension(std::string_view bytes, msgpack_header& into) noexcept {
    into.type = msgpack_type::extension;
    if (bytes.size() < 2 + sizeof(Number) || !read_number<Number>(bytes, into)) return msgpack_problem::truncated;
    into.extension_type = static_cast<std::int8_t>(bytes[into.bytes++]);
    return msgpack_problem::none;
}

msgpack_problem fixed_extension(std::string_view bytes, std::uint64_t payload_bytes, msgpack_header& into) noexcept {
    if (bytes.size() < 2) return msgpack_problem::truncated;
    into = {.type = msgpack_type::extension,
            .extension_type = static_cast<std::int8_t>(bytes[1]),
            .bytes = 2,
            .value = payload_bytes};
    return msgpack_problem::none;
}

}  // namespace

std::string_view name_of(msgpack_type type) noexcept {
    switch (type) {
        case msgpack_type::nil:
            return "nil";
        case msgpack_type::boolean:
            return "boolean";
        case msgpack_type::unsigned_integer:
        case msgpack_type::signed_integer:
            return "integer";
        case msgpack_type::real:
            return "float";
        case msgpack_type::string:
            return "string";
        case msgpack_type::binary:
            return "binary";
        case msgpack_type::extension:
            return "extension";
        case msgpack_type::array:
            return "array";
        case msgpack_type::map:
            return "map";
    }
    return "unknown";
}

msgpack_problem read_msgpack_header(std::string_view bytes, msgpack_header& into) noexcept {
    if (bytes.empty()) return msgpack_problem::truncated;
    auto const first = static_cast<unsigned char>(bytes[0]);
    auto const fixed = [&](msgpack_type type, std::uint64_t value) {
        into = {.type = type, .bytes = 1, .value = value};
        return msgpack_problem::none;
    };
    if (first < 0x80) return fixed(msgpack_type::unsigned_integer, first);
    if (first < 0x90) return fixed(msgpack_type::map, first & 0x0fU);
    if (first < 0xa0) return fixed(msgpack_type::array, first & 0x0fU);
    if (first < 0xc0) return fixed(msgpack_type::string, first & 0x1fU);
    if (first >= 0xe0)
        return fixed(msgpack_type::signed_integer, static_cast<std::uint64_t>(static_cast<std::int8_t>(first)));
    switch (first) {
        case 0xc0:
            return fixed(msgpack_type::nil, 0);
        case 0xc2:
            return fixed(msgpack_type::boolean, 0);
        case 0xc3:
            return fixed(msgpack_type::boolean, 1);
        case 0xc4:
            return sized<std::uint8_t>(msgpack_type::binary, bytes, into);
        case 0xc5:
            return sized<std::uint16_t>(msgpack_type::binary, bytes, into);
        case 0xc6:
            return sized<std::uint32_t>(msgpack_type::binary, bytes, into);
        case 0xc7:
            return extension<std::uint8_t>(bytes, into);
        case 0xc8:
            return extension<std::uint16_t>(bytes, into);
        case 0xc9:
            return extension<std::uint32_t>(bytes, into);
        case 0xca:
            return real_number<std::uint32_t, float>(bytes, into);
        case 0xcb:
            return real_number<std::uint64_t, double>(bytes, into);
        case 0xcc:
            return sized<std::uint8_t>(msgpack_type::unsigned_integer, bytes, into);
        case 0xcd:
            return sized<std::uint16_t>(msgpack_type::unsigned_integer, bytes, into);
        case 0xce:
            return sized<std::uint32_t>(msgpack_type::unsigned_integer, bytes, into);
        case 0xcf:
            return sized<std::uint64_t>(msgpack_type::unsigned_integer, bytes, into);
        case 0xd0:
            return signed_number<std::uint8_t>(bytes, into);
        case 0xd1:
            return signed_number<std::uint16_t>(bytes, into);
        case 0xd2:
            return signed_number<std::uint32_t>(bytes, into);
        case 0xd3:
            return signed_number<std::uint64_t>(bytes, into);
        case 0xd4:
            return fixed_extension(bytes, 1, into);
        case 0xd5:
            return fixed_extension(bytes, 2, into);
        case 0xd6:
            return fixed_extension(bytes, 4, into);
        case 0xd7:
            return fixed_extension(bytes, 8, into);
        case 0xd8:
            return fixed_extension(bytes, 16, into);
        case 0xd9:
            return sized<std::uint8_t>(msgpack_type::string, bytes, into);
        case 0xda:
            return sized<std::uint16_t>(msgpack_type::string, bytes, into);
        case 0xdb:
            return sized<std::uint32_t>(msgpack_type::string, bytes, into);
        case 0xdc:
            return sized<std::uint16_t>(msgpack_type::array, bytes, into);
        case 0xdd:
            return sized<std::uint32_t>(msgpack_type::array, bytes, into);
        case 0xde:
            return sized<std::uint16_t>(msgpack_type::map, bytes, into);
        case 0xdf:
            return sized<std::uint32_t>(msgpack_type::map, bytes, into);
        default:
            return msgpack_problem::invalid;
    }
}

double msgpack_token::real() const noexcept {
    return std::bit_cast<double>(header.value);
}

msgpack_problem msgpack_reader::next(msgpack_token& into) noexcept {
    auto const bytes = rest();
    if (auto const problem = read_msgpack_header(bytes, into.header); problem != msgpack_problem::none) return problem;
    auto const payload_bytes = into.header.payload_bytes();
    if (payload_bytes > bytes.size() - into.header.bytes) return msgpack_problem::truncated;
    into.payload = {bytes.data() + into.header.bytes, payload_bytes};
    position_ += into.header.bytes + payload_bytes;
    return msgpack_problem::none;
}

msgpack_problem msgpack_reader::skip() noexcept {
    auto const begin = position_;
    // Counting the values that are still to come needs no stack. It cannot overflow: each header adds less than 2^33,
    // and there are less than 2^31 of them in any message.
    for (std::uint64_t left = 1; left > 0; --left) {
        msgpack_token token;
        if (auto const problem = next(token); problem != msgpack_problem::none) {
            position_ = begin;
            return problem;
        }
        left += token.header.children();
    }
    return msgpack_problem::none;
}

}  // namespace logpipe::forward
