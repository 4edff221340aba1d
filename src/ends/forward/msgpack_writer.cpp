#include "msgpack_writer.hpp"

#include "core/assert.hpp"
#include "core/bytes.hpp"

#include <array>
#include <bit>
#include <limits>

namespace logpipe::forward {

namespace {

template <class Number>
void put(std::string& out, unsigned first, Number value) {
    std::array<char, 1 + sizeof(Number)> bytes;
    bytes[0] = static_cast<char>(first);
    store_big(bytes.data() + 1, value);
    out.append(bytes.data(), bytes.size());
}

/// A type byte with the 16 or 32 bit count that follows it; `sized` is the 16 bit form's.
void put_count(std::string& out, std::uint32_t count, unsigned sized) {
    if (count <= 0xffff)
        put(out, sized, static_cast<std::uint16_t>(count));
    else
        put(out, sized + 1, count);
}

void put_length(std::string& out, std::size_t length, unsigned sized) {
    LOGPIPE_ASSERT(length <= std::numeric_limits<std::uint32_t>::max());
    if (length <= 0xff)
        put(out, sized, static_cast<std::uint8_t>(length));
    else
        put_count(out, static_cast<std::uint32_t>(length), sized + 1);
}

}  // namespace

void msgpack_writer::unsigned_integer(std::uint64_t value) {
    if (value < 0x80)
        out_.push_back(static_cast<char>(value));
    else if (value <= 0xff)
        put(out_, 0xcc, static_cast<std::uint8_t>(value));
    else if (value <= 0xffff)
        put(out_, 0xcd, static_cast<std::uint16_t>(value));
    else if (value <= 0xffff'ffff)
        put(out_, 0xce, static_cast<std::uint32_t>(value));
    else
        put(out_, 0xcf, value);
}

void msgpack_writer::integer(std::int64_t value) {
    auto const bits = static_cast<std::uint64_t>(value);
    if (value >= 0)
        unsigned_integer(bits);
    else if (value >= -32)
        out_.push_back(static_cast<char>(value));
    else if (value >= std::numeric_limits<std::int8_t>::min())
        put(out_, 0xd0, static_cast<std::uint8_t>(bits));
    else if (value >= std::numeric_limits<std::int16_t>::min())
        put(out_, 0xd1, static_cast<std::uint16_t>(bits));
    else if (value >= std::numeric_limits<std::int32_t>::min())
        put(out_, 0xd2, static_cast<std::uint32_t>(bits));
    else
        put(out_, 0xd3, bits);
}

void msgpack_writer::real(double value) {
    put(out_, 0xcb, std::bit_cast<std::uint64_t>(value));
}

void msgpack_writer::string(std::string_view value) {
    if (value.size() < 32) {
        auto const begin = out_.size();
        auto const end = begin + 1 + value.size();
        out_.resize_and_overwrite(end, [&](char* data, std::size_t) {
            data[begin] = static_cast<char>(0xa0U | value.size());
            value.copy(data + begin + 1, value.size());
            return end;
        });
        return;
    }
    put_length(out_, value.size(), 0xd9);
    out_.append(value);
}

void msgpack_writer::binary(std::string_view value) {
    put_length(out_, value.size(), 0xc4);
    out_.append(value);
}

void msgpack_writer::array(std::uint32_t count) {
    if (count < 16)
        out_.push_back(static_cast<char>(0x90U | count));
    else
        put_count(out_, count, 0xdc);
}

void msgpack_writer::map(std::uint32_t count) {
    if (count < 16)
        out_.push_back(static_cast<char>(0x80U | count));
    else
        put_count(out_, count, 0xde);
}

void msgpack_writer::time(std::int64_t time_ns) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    auto seconds = time_ns / second_ns;
    auto nanoseconds = time_ns % second_ns;
    if (nanoseconds < 0) {
        --seconds;
        nanoseconds += second_ns;
    }
    if (time_ns == 0 || seconds < 0 || seconds > std::numeric_limits<std::uint32_t>::max()) {
        integer(seconds);
        return;
    }
    std::array<char, 10> bytes{'\xd7', '\0'};
    store_big(bytes.data() + 2, static_cast<std::uint32_t>(seconds));
    store_big(bytes.data() + 6, static_cast<std::uint32_t>(nanoseconds));
    out_.append(bytes.data(), bytes.size());
}

void msgpack_writer::end_container(std::size_t begin, std::uint32_t count, unsigned fixed, unsigned sized) {
    if (count < 16) {
        out_[begin] = static_cast<char>(fixed | count);
        return;
    }
    std::string header;
    put_count(header, count, sized);
    out_.replace(begin, 1, header);
}

}  // namespace logpipe::forward
