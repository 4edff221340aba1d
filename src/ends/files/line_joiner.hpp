// Lines that are one event: a stack trace, whose first line matches a pattern and the others do not, or a line that a
// container's runtime has cut.
#pragma once

#include "cut_line.hpp"

#include "logpipe/result.hpp"

#include <regex.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace logpipe::files {

/// A POSIX extended regular expression (regex(7)) that the first line of an event matches. Any thread.
class start_pattern final {
  public:
    /// @return errc::invalid_argument for one that is none, with the reason
    [[nodiscard]] static result<std::shared_ptr<start_pattern const>> compile(std::string const& text);
    ~start_pattern() { ::regfree(&compiled_); }
    start_pattern(start_pattern const&) = delete;
    start_pattern& operator=(start_pattern const&) = delete;

    /// Only the line's first bytes are examined.
    [[nodiscard]] bool matches(std::string_view line) const noexcept;

    static constexpr std::size_t matched_bytes_max = 1024;

  private:
    explicit start_pattern(regex_t compiled) noexcept : compiled_{compiled} {}

    regex_t compiled_;
};

struct join_options {
    std::shared_ptr<start_pattern const> start;  ///< null: each line is an event,
    bool joins_cut_lines = false;                ///< unless it was cut (cut_line.hpp)
    std::size_t lines_max = 500;                 ///< of one event; the next line begins another
    std::size_t bytes_max = 0;                   ///< as well
    std::chrono::milliseconds timeout{};         ///< without another line, after which an event is complete
};

/// One thread.
class line_joiner final {
  public:
    /// @param options  outlive it
    explicit line_joiner(join_options const& options) : options_{options} {}

    [[nodiscard]] bool is_on() const noexcept { return options_.start != nullptr || options_.joins_cut_lines; }
    [[nodiscard]] bool is_empty() const noexcept { return lines_ == 0; }
    /// Whether the line belongs to another event than those that were added.
    [[nodiscard]] bool begins(std::string_view line);
    void add(std::string_view line);
    /// No other line belongs to those that were added, whatever it is.
    [[nodiscard]] bool is_complete() const noexcept { return is_complete_; }
    /// The lines that were added, with a line end between them; of a line that was cut the first part, with all texts.
    [[nodiscard]] std::string_view text() const noexcept { return text_; }
    void clear() noexcept;

    /// Lines that were added to one before them.
    [[nodiscard]] std::uint64_t joined_lines() const noexcept { return joined_lines_; }
    /// Events that ended because they had too many lines or bytes.
    [[nodiscard]] std::uint64_t cut_events() const noexcept { return cut_events_; }

  private:
    [[nodiscard]] bool continues(std::string_view line) const;
    void add_cut_line(std::string_view line);

    join_options const& options_;
    std::string text_;
    bool is_complete_ = false;
    cut_line first_;      // of text_, where that was cut
    std::string stream_;  // of it
    std::size_t lines_ = 0;
    std::uint64_t joined_lines_ = 0;
    std::uint64_t cut_events_ = 0;
};

}  // namespace logpipe::files
