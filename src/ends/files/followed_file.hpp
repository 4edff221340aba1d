// One file that is read as it grows: bytes in, batches of lines out, each with the id that its place in the file gives.
#pragma once

#include "content_hash.hpp"
#include "file_content.hpp"
#include "file_position.hpp"

#include "lines/line_splitter.hpp"
#include "lines/lines.hpp"
#include "logpipe/event.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace logpipe::files {

enum class read_step {
    batch,
    nothing,    ///< no whole line more, for now
    truncated,  ///< what was read is not there any more: the file has begun again
};

/// What was seen of lines since the file was opened.
struct line_counts {
    std::uint64_t bytes = 0;
    std::uint64_t empty_lines = 0;
    std::uint64_t cut_lines = 0;
    std::uint64_t hole_bytes = 0;

    line_counts& operator+=(line_counts const& more) noexcept;
};

/// The lines whose ends are in one block of the file are one batch, or several where the file ended in between. So the
/// id of a line, (file, block, place of its end in the block), does not depend on when it was read. One thread.
class followed_file final {
  public:
    /// @param kept  where it is read on from, see open_at_position()
    followed_file(std::unique_ptr<file_content> content, file_position kept, lines::line_options const& options);

    /// Reads up to the position that was kept. @return whether the content there is what was read before
    [[nodiscard]] result<bool> open_at_position();

    /// @param is_final  the file gets no more: a last line without an end is one
    [[nodiscard]] result<read_step> read(batch& into, bool is_final);
    /// The batch that was read last ended where the file did, not where a block does: it would not be cut there again
    /// by itself.
    [[nodiscard]] bool was_cut() const noexcept { return read_bytes_ % block_bytes != 0; }
    /// Keeps in mind that a chunk ends where the last batch did.
    void keep_cut();

    /// @return whether that moved the safe position
    [[nodiscard]] bool commit(std::uint64_t safe_offset);

    /// It has less than was read.
    [[nodiscard]] bool is_truncated(file_facts const& now) const noexcept;
    [[nodiscard]] bool has_more(file_facts const& now) const noexcept;
    [[nodiscard]] std::uint64_t backlog_bytes(file_facts const& now) const noexcept;
    [[nodiscard]] bool is_compressed() const { return content_->is_compressed(); }
    [[nodiscard]] result<file_facts> facts() const { return content_->facts(); }
    /// Of bytes that no line end has followed yet.
    [[nodiscard]] std::uint64_t partial_bytes() const noexcept { return read_bytes_ - line_end_; }
    [[nodiscard]] bool all_is_safe() const noexcept { return unsafe_.empty(); }
    [[nodiscard]] line_counts counts() const noexcept;

    /// As it is to be kept.
    [[nodiscard]] file_position const& position();
    [[nodiscard]] file_position& kept() noexcept { return kept_; }
    /// Where the last whole line ends that was read, whether it is safe or not.
    [[nodiscard]] content_position const& read_position() const noexcept { return at_line_end_; }
    /// A copy has what was read: it is read on from there, under the same id.
    void continue_in(std::unique_ptr<file_content> copy);
    /// Where it is, for people.
    void moved_to(std::string const& path);
    /// A compressed file does not grow: as long as it is this one, it is not opened again.
    void read_to_end(file_facts const& packed);

  private:
    [[nodiscard]] result<bool> begins_as_found();
    void take(std::string_view bytes, batch& into);
    void end_line_at(std::uint64_t offset, std::string_view bytes);
    void append(batch& into, lines::input_line const& line, std::uint64_t end);
    [[nodiscard]] event_id id_at(std::uint64_t offset);
    [[nodiscard]] std::uint64_t read_limit() const;
    void finish(batch& into);
    void give(batch& into);

    std::unique_ptr<file_content> content_;
    file_position kept_;
    lines::line_options const& options_;
    std::string origin_;
    lines::line_splitter splitter_;
    std::uint64_t splitter_begin_ = 0;  // where its first byte is in the file
    std::uint64_t read_bytes_ = 0;      // of the file: the splitter has them
    std::uint64_t line_end_ = 0;        // after the last line end among them
    content_hash hash_;
    content_position at_line_end_;
    std::string carried_;  // after line_end_, not in hash_ yet
    std::string tail_;     // the last bytes before read_bytes_: what a file that began again does not have there
    std::deque<content_position> unsafe_;  // ends of batches
    std::deque<content_mark> recent_;      // as well: a copy may end between them
    std::optional<std::uint64_t> block_;   // that chunk_ names
    event_id chunk_;
    line_counts counts_;  // of splitters before
    std::uint64_t cut_lines_ = 0;
};

}  // namespace logpipe::files
