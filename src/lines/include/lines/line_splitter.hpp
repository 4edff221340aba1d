// Bytes in pieces of any size become lines. Pure: no I/O, no JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace logpipe::lines {

/// One line without its end. The view holds until the splitter's next call.
struct input_line {
    std::string_view text;
    bool cut = false;  ///< it was longer than the limit: `text` is its beginning
};

/// Ends a line at LF or CR LF, leaves out a byte order mark at the very start and lines without any byte. A hole, as a
/// file has that was truncated while its writer continued at the old offset (logrotate's copytruncate), is a run of
/// NULs: it is a line by itself, so that the lines beside it are whole. Holds at most `line_bytes_max` + 1 bytes. One
/// thread.
class line_splitter final {
  public:
    explicit line_splitter(std::size_t line_bytes_max) : line_bytes_max_{line_bytes_max} {}

    /// Takes bytes from the front of `input`. @return none when all of it was taken and no line is complete; until then
    /// the next call continues with what is left of it.
    [[nodiscard]] std::optional<input_line> next(std::string_view& input);
    /// At the end of the input: the last line, where no line end followed it.
    [[nodiscard]] std::optional<input_line> finish();

    /// How many bytes of the input were taken so far.
    [[nodiscard]] std::uint64_t offset_bytes() const noexcept { return offset_bytes_; }
    [[nodiscard]] std::uint64_t empty_lines() const noexcept { return empty_lines_; }
    [[nodiscard]] std::uint64_t hole_bytes() const noexcept { return hole_bytes_; }

    static constexpr std::uint64_t hole_bytes_min = 16;  ///< fewer NULs in a row are bytes of the line

  private:
    void skip_mark(std::string_view& input);
    [[nodiscard]] std::optional<input_line> take_nuls(std::string_view& input);
    void append_nuls();
    void append_partial(std::string_view part);
    [[nodiscard]] std::optional<input_line> end_partial_line();
    [[nodiscard]] std::optional<input_line> make_line(std::string_view text, std::uint64_t line_bytes);

    std::size_t line_bytes_max_;
    std::uint64_t offset_bytes_ = 0;
    std::uint64_t empty_lines_ = 0;
    std::uint64_t hole_bytes_ = 0;
    std::uint64_t nuls_ = 0;       // that came last, in a row, and are not in the partial line yet
    bool in_hole_ = false;         // they are enough for one
    std::size_t clean_bytes_ = 0;  // at the front of the input: known to hold no NUL; 0: not known
    std::size_t mark_bytes_ = 0;   // of the byte order mark, seen so far
    bool at_start_ = true;
    std::string partial_;               // the beginning of a line whose end has not come yet
    std::uint64_t partial_length_ = 0;  // that line's length so far; above held_.size() the rest was skipped
    char last_ = '\0';                  // that line's last byte so far
};

}  // namespace logpipe::lines
