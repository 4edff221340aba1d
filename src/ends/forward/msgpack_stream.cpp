#include "msgpack_stream.hpp"

#include "core/assert.hpp"
#include "msgpack_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace logpipe::forward {

namespace {

constexpr std::size_t first_bytes = std::size_t{16} << 10U;

}  // namespace

std::span<char> msgpack_stream::space() {
    if (begin_ == end_) {
        scanned_ -= begin_;
        begin_ = end_ = 0;
    }
    if (end_ == capacity_) make_room();
    return {buffer_.get() + end_, capacity_ - end_};
}

void msgpack_stream::release_above(std::size_t bytes) noexcept {
    if (begin_ != end_ || capacity_ <= bytes) return;
    scanned_ -= begin_;
    begin_ = end_ = 0;
    buffer_.reset();
    capacity_ = 0;
}

/// Moves what is buffered to the front, and doubles the buffer where that frees less than half of it.
void msgpack_stream::make_room() {
    auto const buffered = end_ - begin_;
    if (begin_ != 0) std::memmove(buffer_.get(), buffer_.get() + begin_, buffered);
    scanned_ -= begin_;
    begin_ = 0;
    end_ = buffered;
    if (buffered * 2 <= capacity_ && capacity_ != 0) return;
    auto const capacity = std::max(first_bytes, capacity_ * 2);
    auto* const grown = static_cast<char*>(std::realloc(buffer_.get(), capacity));
    if (grown == nullptr) throw std::bad_alloc{};
    static_cast<void>(buffer_.release());
    buffer_.reset(grown);
    capacity_ = capacity;
}

void msgpack_stream::commit(std::size_t bytes) noexcept {
    LOGPIPE_ASSERT(bytes <= capacity_ - end_);
    end_ += bytes;
}

void msgpack_stream::drop(std::size_t bytes) noexcept {
    LOGPIPE_ASSERT(bytes <= end_ - begin_);
    begin_ += bytes;
    scanned_ = begin_;
    values_left_ = 1;
}

result<std::optional<std::string_view>> msgpack_stream::next() {
    while (scanned_ <= end_ && values_left_ > 0) {
        auto const before = scanned_;
        if (auto scanned = scan_header(); !scanned) return scanned.error();
        if (scanned_ == before) break;
    }
    if (scanned_ > end_ || values_left_ > 0) return std::optional<std::string_view>{};
    std::string_view const value{buffer_.get() + begin_, scanned_ - begin_};
    begin_ = scanned_;
    values_left_ = 1;
    return std::optional{value};
}

/// Steps over one header and its payload; stays where it is when the header is not whole.
result<> msgpack_stream::scan_header() {
    msgpack_header header;
    auto const problem = read_msgpack_header({buffer_.get() + scanned_, end_ - scanned_}, header);
    if (problem == msgpack_problem::truncated) return {};
    if (problem == msgpack_problem::invalid) return error{errc::protocol, "a byte that msgpack does not use (0xc1)"};
    auto const bytes = scanned_ - begin_ + header.bytes + header.payload_bytes();
    auto const values = values_left_ - 1 + header.children();
    // Each value still to come takes a byte at least.
    if (bytes > value_bytes_max_ || values > value_bytes_max_ - bytes)
        return error{errc::too_large,
                     fmt::format("a message of {} bytes or more; the limit is {}", bytes + values, value_bytes_max_)};
    scanned_ += header.bytes + header.payload_bytes();
    values_left_ = values;
    return {};
}

}  // namespace logpipe::forward
