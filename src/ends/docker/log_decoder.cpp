#include "log_decoder.hpp"

#include "core/bytes.hpp"
#include "core/clean_text.hpp"
#include "engine_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace logpipe::docker {

namespace {

constexpr std::size_t header_bytes = 8;
// The engine's are 16 KiB and a time; some log drivers of others have larger buffers.
constexpr std::size_t frame_bytes_max = std::size_t{1} << 20U;
// daemon/logger/copier.go: a line is cut where it fills this buffer.
constexpr std::size_t part_bytes_max = std::size_t{16} << 10U;
constexpr std::size_t stamp_bytes_max = 40;

/// Where `text` can be cut at `limit` at most without cutting a character in two.
std::size_t cut_at(std::string_view text, std::size_t limit) noexcept {
    auto at = limit;
    for (int back = 0; back < 3 && at > 1 && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U; ++back) --at;
    return (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80U ? limit : at;
}

}  // namespace

result<> log_decoder::feed(std::string_view bytes, line_taker const& take) {
    buffer_.erase(0, std::exchange(decoded_, 0));
    buffer_.append(bytes);
    if (!options_.terminal) return take_frames(take);
    take_terminal(take);
    return {};
}

void log_decoder::finish(line_taker const& take) {
    for (auto const stream : {log_stream::out, log_stream::err})
        if (lines_[static_cast<std::size_t>(stream)].open) end(stream, false, take);
    buffer_.clear();
    decoded_ = 0;
}

result<> log_decoder::take_frames(line_taker const& take) {
    while (buffer_.size() - decoded_ >= header_bytes) {
        auto const* const header = buffer_.data() + decoded_;
        auto const kind = static_cast<unsigned char>(header[0]);
        std::size_t const bytes = load_big<std::uint32_t>(header + 4);
        if (kind > 3 || header[1] != 0 || header[2] != 0 || header[3] != 0 || bytes > frame_bytes_max)
            return error{errc::protocol, "the engine sends a log that is not in frames"};
        if (buffer_.size() - decoded_ - header_bytes < bytes) break;
        auto const payload = std::string_view{buffer_}.substr(decoded_ + header_bytes, bytes);
        decoded_ += header_bytes + bytes;
        if (kind == 3) return error{errc::protocol, fmt::format("the engine says: {}", clean_line(payload))};
        take_part(kind == 2 ? log_stream::err : log_stream::out, payload, take);
    }
    return {};
}

void log_decoder::take_part(log_stream stream, std::string_view payload, line_taker const& take) {
    auto& line = lines_[static_cast<std::size_t>(stream)];
    auto const space = payload.substr(0, stamp_bytes_max).find(' ');
    auto const stamp = space == std::string_view::npos ? std::string_view{} : payload.substr(0, space);
    bool const is_time = parse_engine_time(stamp).has_value();
    if (is_time) payload.remove_prefix(space + 1);
    if (line.open && line.stamp != (is_time ? stamp : std::string_view{})) end(stream, true, take);
    if (!line.open) begin(line, is_time ? stamp : std::string_view{});
    bool const last = payload.ends_with('\n');
    if (last) payload.remove_suffix(1);
    add(stream, payload, take);
    if (last) end(stream, true, take);
}

void log_decoder::take_terminal(line_taker const& take) {
    auto& line = lines_[static_cast<std::size_t>(log_stream::out)];
    while (decoded_ < buffer_.size()) {
        if (!line.open && !begin_terminal_line()) return;
        if (part_bytes_ == part_bytes_max && !pass_repeated_stamp()) return;
        auto const rest = std::string_view{buffer_}.substr(decoded_);
        auto const part = rest.substr(0, part_bytes_max - part_bytes_);
        auto const line_end = part.find('\n');
        auto const text = part.substr(0, line_end);
        add(log_stream::out, text, take);
        decoded_ += text.size();
        part_bytes_ += text.size();
        if (line_end != std::string_view::npos) {
            ++decoded_;
            if (line.text.ends_with('\r')) line.text.pop_back();
            end(log_stream::out, true, take);
        }
    }
}

/// @return false when the time has not all come yet.
bool log_decoder::begin_terminal_line() {
    auto const rest = std::string_view{buffer_}.substr(decoded_);
    auto const until = rest.substr(0, stamp_bytes_max).find_first_of(" \n");
    if (until == std::string_view::npos && rest.size() < stamp_bytes_max) return false;
    part_bytes_ = 0;
    auto& line = lines_[static_cast<std::size_t>(log_stream::out)];
    bool const is_time =
        until != std::string_view::npos && rest[until] == ' ' && parse_engine_time(rest.substr(0, until)).has_value();
    begin(line, is_time ? rest.substr(0, until) : std::string_view{});
    if (is_time) decoded_ += until + 1;
    return true;
}

/// The line filled the engine's buffer: its next part has the same time.
/// @return false when it has not all come yet.
bool log_decoder::pass_repeated_stamp() {
    auto const& stamp = lines_[static_cast<std::size_t>(log_stream::out)].stamp;
    auto const rest = std::string_view{buffer_}.substr(decoded_);
    auto const front = rest.substr(0, stamp.size());
    bool const same = stamp.starts_with(front);
    if (same && rest.size() <= stamp.size()) return false;
    if (same && !stamp.empty() && rest[stamp.size()] == ' ') decoded_ += stamp.size() + 1;
    part_bytes_ = 0;
    return true;
}

void log_decoder::begin(open_line& line, std::string_view stamp) {
    line.open = true;
    line.stamp = stamp;
    line.time_ns = parse_engine_time(stamp).value_or(0);
    line.text.clear();
    line.in_pieces = false;
}

void log_decoder::add(log_stream stream, std::string_view text, line_taker const& take) {
    auto& line = lines_[static_cast<std::size_t>(stream)];
    line.text.append(text);
    std::size_t given = 0;
    while (line.text.size() - given > options_.line_bytes_max) {
        auto const rest = std::string_view{line.text}.substr(given);
        auto const bytes = cut_at(rest, options_.line_bytes_max);
        take({.stream = stream, .time_ns = line.time_ns, .text = rest.substr(0, bytes)});
        given += bytes;
        line.in_pieces = true;
    }
    line.text.erase(0, given);
}

void log_decoder::end(log_stream stream, bool ended, line_taker const& take) {
    auto& line = lines_[static_cast<std::size_t>(stream)];
    line.open = false;
    if (!line.in_pieces || !line.text.empty())
        take({.stream = stream, .time_ns = line.time_ns, .text = line.text, .ended = ended});
}

}  // namespace logpipe::docker
