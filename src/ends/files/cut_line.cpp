#include "cut_line.hpp"

#include <algorithm>

namespace logpipe::files {

namespace {

constexpr std::string_view log_key = R"({"log":")";
constexpr std::string_view stream_key = R"(,"stream":")";
// Of the date and the time, without their fraction.
constexpr std::size_t time_bytes_min = 20;

/// Where the JSON text that begins at `begin` ends, before its quote.
std::size_t text_end(std::string_view line, std::size_t begin) noexcept {
    auto at = begin;
    while (at < line.size() && line[at] != '"') at += line[at] == '\\' ? 2U : 1U;
    return std::min(at, line.size());
}

/// A backslash before the backslash makes another text of it.
bool ends_with_line_end(std::string_view text) noexcept {
    if (!text.ends_with("\\n")) return false;
    text.remove_suffix(1);
    auto const others = text.find_last_not_of('\\');
    auto const backslashes = others == std::string_view::npos ? text.size() : text.size() - others - 1;
    return backslashes % 2 == 1;
}

std::optional<cut_line> read_json_file(std::string_view line) noexcept {
    cut_line cut{.is_json = true, .log_begin = log_key.size()};
    cut.log_end = text_end(line, cut.log_begin);
    auto const stream = line.find(stream_key, cut.log_end);
    if (stream == std::string_view::npos) return std::nullopt;
    auto const stream_begin = stream + stream_key.size();
    cut.stream = line.substr(stream_begin, text_end(line, stream_begin) - stream_begin);
    cut.is_last = ends_with_line_end(line.substr(cut.log_begin, cut.log_end - cut.log_begin));
    return cut;
}

std::optional<cut_line> read_cri(std::string_view line) noexcept {
    auto const time_end = line.find(' ');
    if (time_end == std::string_view::npos || time_end < time_bytes_min || line[10] != 'T') return std::nullopt;
    auto const stream_end = line.find(' ', time_end + 1);
    if (stream_end == std::string_view::npos) return std::nullopt;
    cut_line cut{.stream = line.substr(time_end + 1, stream_end - time_end - 1), .flag = stream_end + 1};
    auto const flag_end = line.find(' ', cut.flag);
    if (flag_end == std::string_view::npos || (cut.stream != "stdout" && cut.stream != "stderr")) return std::nullopt;
    cut.is_last = line[cut.flag] == 'F';
    if (!cut.is_last && line[cut.flag] != 'P') return std::nullopt;
    cut.log_begin = flag_end + 1;
    cut.log_end = line.size();
    return cut;
}

}  // namespace

std::optional<cut_line> read_cut_line(std::string_view line) noexcept {
    return line.starts_with(log_key) ? read_json_file(line) : read_cri(line);
}

}  // namespace logpipe::files
