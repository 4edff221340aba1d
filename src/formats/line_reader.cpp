#include "line_reader.hpp"

#include "file_formats.hpp"

#include <algorithm>
#include <utility>

namespace logpipe::formats {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Leaves out what other programs put before a line. @return whether there was some
bool skip_front(std::string_view& line) noexcept {
    auto const before = line.size();
    line.remove_prefix(std::min(line.find_first_not_of('\0'), line.size()));
    if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    return line.size() < before;
}

}  // namespace

line_reader::line_reader(std::string_view format, bool strict_lines, std::vector<file_format> files)
    : json_{!strict_lines},
      files_{std::move(files)},
      repairs_allowed_{!strict_lines},
      guesses_{format == auto_format},
      reads_json_{format != "raw"} {
    if (guesses_) {
        for (auto const& each : text_formats())
            if (each.guessed) parsers_.push_back({each.name, each.make()});
    } else if (format != json_format) {
        parsers_.push_back({{}, parser_of(format)});
    }
    for (auto const& each : files_)
        file_parsers_.push_back({each.name, each.format == json_format ? nullptr : parser_of(each.format)});
}

/// Those of files come after parsers_ in what is chosen.
void line_reader::begin_stream(std::string_view name) {
    if (!guesses_ && files_.empty()) return;
    streams_.begin(name);
    if (files_.empty() || streams_.chosen() != stream_formats::undecided) return;
    if (auto const found = format_of_tag(files_, name))
        streams_.choose(parsers_.size() + *found, file_parsers_[*found].name);
}

bool line_reader::is_file() const noexcept {
    auto const chosen = streams_.chosen();
    return chosen != stream_formats::undecided && chosen >= parsers_.size();
}

std::string_view line_reader::parse(std::string_view line, std::string& reason) {
    if (repairs_allowed_ && skip_front(line)) repairs_ = repair::front;
    auto const begin = line.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        reason = "an empty line";
        return {};
    }
    if (reads_json_ && line[begin] == '{') {
        members_.clear();
        return line.substr(begin);
    }
    if (parsers_.empty() && !is_file()) {
        reason = "not a JSON object";
        return {};
    }
    if (!members_.begin(line, repairs_allowed_)) {
        reason = "not UTF-8";
        return {};
    }
    auto const text = reads_json_ ? header_.take(line, members_).value_or(line) : line;
    bool const is_object = reads_json_ && text.starts_with('{');
    if (!is_object) parse_text(text, reason);
    repairs_ = repairs_ | members_.repairs();
    return is_object ? text : std::string_view{};
}

void line_reader::parse_text(std::string_view text, std::string& reason) {
    if (!guesses_ && !is_file()) {
        static_cast<void>(parsers_.front().parser->parse(text, members_, reason));  // the reason says it
        return;
    }
    if (guess(text)) return;
    is_raw_ = true;
    static_cast<void>(raw_.parse(text, members_, parser_reason_));  // takes any text
}

bool line_reader::guess(std::string_view text) {
    auto const chosen = streams_.chosen();
    if (chosen != stream_formats::undecided) return parse_as(chosen, text);
    for (std::size_t i = 0; i < parsers_.size(); ++i) {
        if (!parse_as(i, text)) continue;
        streams_.choose(i, parsers_[i].name);
        return true;
    }
    return false;
}

bool line_reader::parse_as(std::size_t format, std::string_view text) {
    auto const& known = format < parsers_.size() ? parsers_[format] : file_parsers_[format - parsers_.size()];
    if (known.parser == nullptr) return false;
    auto const before = members_.now();
    // logfmt allows a key without a value; a sentence in which one word has a = is still none.
    if (known.parser->parse(text, members_, parser_reason_) && !members_.has_flags()) return true;
    members_.go_back_to(before);
    return false;
}

}  // namespace logpipe::formats
