// The members of a line, whatever its format: JSON is known by its first byte; the format of text is given, or chosen
// for each stream by its first line of text.
#pragma once

#include "core/bytes.hpp"
#include "envelope/header.hpp"
#include "formats.hpp"
#include "json/json_line.hpp"
#include "raw/raw_line.hpp"
#include "repairs.hpp"
#include "stream_formats.hpp"
#include "text/escapes.hpp"
#include "text/text_members.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace logpipe::formats {

/// Reads lines one after the other. One thread; note() from any. All views it gives hold until the next line.
class line_reader final {
  public:
    /// Bytes that must be readable after each line; what they hold does not matter.
    static constexpr std::size_t padding_bytes = json_line_reader::padding_bytes;
    static_assert(padding_bytes <= text_members::padding_bytes);

    /// @param format  auto, json, a name of text_formats(), or a log_format string
    /// @param files  have their own formats
    line_reader(std::string_view format, bool strict_lines, std::vector<file_format> files = {});

    /// Calls `visit(char const* key, std::string_view value)` for each member in order. The key begins there, after an
    /// opening quote; the value is JSON. Both have padding_bytes readable bytes after them. `visit` returns false to
    /// end the walk, having set `reason`.
    /// @return false, with the reason in `reason`, where the line cannot be read
    template <class Visit>
    [[nodiscard]] bool read(std::string_view line, std::string& reason, Visit&& visit) {
        is_raw_ = false;
        is_whole_json_ = line.starts_with('{') && reads_json_;
        is_text_ = !is_whole_json_;
        repairs_ = repair::none;
        if (!is_text_) [[likely]]
            return json_.read(line, reason, visit);
        reason.clear();
        auto const object = parse(line, reason);
        if (!reason.empty()) return false;
        for (auto const& each : members_.all())
            if (!visit(each.key, each.value)) return false;
        is_text_ = object.empty();
        return is_text_ || json_.read(object, reason, visit);
    }

    /// The key that is being visited as JSON spells it, and without escapes.
    [[nodiscard]] std::string_view raw_text(char const* key) const noexcept {
        return is_text_ ? raw_key(key) : json_.raw_text(key);
    }
    [[nodiscard]] std::string_view text(char const* key) const noexcept {
        return is_text_ ? raw_key(key) : json_.text(key);
    }

    // Of the last line.
    [[nodiscard]] bool is_json() const noexcept { return !is_text_; }
    /// All keys and values are bytes of the line.
    [[nodiscard]] bool is_as_written() const noexcept { return is_whole_json_ && json_.repairs() == repair::none; }
    /// Whether it is text of none of the formats that were expected.
    [[nodiscard]] bool is_raw() const noexcept { return is_raw_; }
    [[nodiscard]] repair repairs() const noexcept { return is_text_ ? repairs_ : repairs_ | json_.repairs(); }

    /// The lines that follow are of this stream.
    void begin_stream(std::string_view name);
    /// For people: the formats that were chosen.
    [[nodiscard]] std::string note() const { return streams_.note(); }

  private:
    struct named_parser {
        std::string_view name;
        std::unique_ptr<text_parser> parser;
    };

    /// The stream at hand is a file that has its own format. A line of another one is text of none.
    [[nodiscard]] bool is_file() const noexcept;
    /// Fills members_. @return the JSON object that the line ends with, behind a header or space; or nothing
    [[nodiscard]] std::string_view parse(std::string_view line, std::string& reason);
    void parse_text(std::string_view text, std::string& reason);
    [[nodiscard]] bool guess(std::string_view text);
    [[nodiscard]] bool parse_as(std::size_t format, std::string_view text);

    json_line_reader json_;
    std::vector<named_parser> parsers_;
    std::vector<file_format> const files_;
    std::vector<named_parser> file_parsers_;  ///< of files_; null: JSON
    raw_parser raw_;
    header_reader header_;
    stream_formats streams_;
    bool repairs_allowed_;
    bool guesses_;     ///< the format of text, and takes what is of none as it is
    bool reads_json_;  ///< a line that begins with {

    text_members members_;
    std::string parser_reason_;
    bool is_whole_json_ = false;  ///< from its first byte to its last
    bool is_text_ = false;
    bool is_raw_ = false;
    repair repairs_ = repair::none;
};

}  // namespace logpipe::formats
