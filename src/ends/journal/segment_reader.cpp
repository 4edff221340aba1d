#include "segment_reader.hpp"

#include <algorithm>
#include <cstring>

namespace logpipe::journal {

result<segment_step> segment_reader::next(std::uint64_t end_bytes, read_depth depth) {
    begin_ = at_;
    payload_ = {};
    if (at_ >= end_bytes) return segment_step::end;

    auto const start = peek(at_, header_bytes, end_bytes);
    if (!start) return start.error();
    auto const header = read_header(*start);
    header_is_whole_ = header && header->frame_bytes() <= end_bytes - at_;
    if (header_is_whole_) {
        header_ = *header;
        if (depth == read_depth::headers) {
            at_ += header_.frame_bytes();
            return segment_step::frame;
        }
        auto const whole = read_payload(end_bytes);
        if (!whole) return whole.error();
        if (*whole) {
            at_ += header_.frame_bytes();
            return segment_step::frame;
        }
    }
    // A whole header says where its frame ends, even when the payload is bad.
    auto const found = find_header(header_is_whole_ ? at_ + header_.frame_bytes() : at_ + 1, end_bytes);
    if (!found) return found.error();
    at_ = *found;
    return segment_step::damage;
}

/// @return whether it is as its header says
result<bool> segment_reader::read_payload(std::uint64_t end_bytes) {
    if (header_.payload_bytes > held_bytes_max_) return large_.open(header_, at_ + header_bytes);
    auto const all = peek(at_, header_.frame_bytes(), end_bytes);
    if (!all) return all.error();
    payload_ = all->substr(std::min(header_bytes, all->size()));
    return payload_is_whole(header_, payload_);
}

result<std::uint64_t> segment_reader::append_portion(std::uint64_t from_offset, batch& into) {
    if (header_.payload_bytes > held_bytes_max_) return large_.append_portion(from_offset, into);
    return journal::append_portion(header_, payload_, from_offset, into);
}

/// The bytes from `at` on, up to `bytes` of them; fewer where the file or `end_bytes` comes first.
result<std::string_view> segment_reader::peek(std::uint64_t at, std::uint64_t bytes, std::uint64_t end_bytes) {
    bytes = std::min(bytes, end_bytes - at);
    auto const buffered_end = buffer_begin_ + buffered_bytes_;
    if (at < buffer_begin_ || at + bytes > buffered_end) {
        std::size_t kept = 0;
        if (at >= buffer_begin_ && at < buffered_end) {
            kept = static_cast<std::size_t>(buffered_end - at);
            std::memmove(buffer_.data(), buffer_.data() + (at - buffer_begin_), kept);
        }
        auto const wanted = std::min(std::max<std::uint64_t>(bytes, read_ahead_bytes_), end_bytes - at);
        if (buffer_.size() < wanted) buffer_.resize(static_cast<std::size_t>(wanted));
        buffer_begin_ = at;
        buffered_bytes_ = kept;
        auto const got =
            from_.read_at(at + kept, std::span{buffer_}.subspan(kept, static_cast<std::size_t>(wanted) - kept));
        if (!got) return got.error();
        buffered_bytes_ += *got;
    }
    auto const there = std::min<std::uint64_t>(bytes, buffer_begin_ + buffered_bytes_ - at);
    return std::string_view{buffer_.data() + (at - buffer_begin_), static_cast<std::size_t>(there)};
}

/// @return where the next whole header with room for its frame begins, or `end_bytes`.
result<std::uint64_t> segment_reader::find_header(std::uint64_t from, std::uint64_t end_bytes) {
    while (from < end_bytes) {
        auto const window = peek(from, std::max(read_ahead_bytes_, 2 * header_bytes), end_bytes);
        if (!window) return window.error();
        auto const found = window->find(frame_magic);
        if (found == std::string_view::npos) {
            // The magic may begin in the window's last bytes.
            if (window->size() < frame_magic.size() || from + window->size() >= end_bytes) return end_bytes;
            from += window->size() - (frame_magic.size() - 1);
            continue;
        }
        from += found;
        auto const start = peek(from, header_bytes, end_bytes);
        if (!start) return start.error();
        if (auto const header = read_header(*start); header && header->frame_bytes() <= end_bytes - from) return from;
        ++from;
    }
    return end_bytes;
}

}  // namespace logpipe::journal
