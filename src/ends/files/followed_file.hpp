// One file that is read as it grows: bytes in, batches of lines out, each with the id that its place in the file gives.
#pragma once

#include "content_hash.hpp"
#include "file_content.hpp"
#include "file_position.hpp"
#include "line_joiner.hpp"

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

enum class file_state {
    grows,
    idle,   ///< nothing was written for so long that no line is waited for
    final,  ///< it gets no more: a last line without an end is one
};

/// How a file's bytes become events.
struct event_options {
    lines::line_options lines;
    join_options joins;
};

/// What was seen of lines since the file was opened.
struct line_counts {
    std::uint64_t bytes = 0;
    std::uint64_t empty_lines = 0;
    std::uint64_t cut_lines = 0;
    std::uint64_t hole_bytes = 0;
    std::uint64_t joined_lines = 0;
    std::uint64_t cut_events = 0;  ///< of joined lines

    line_counts& operator+=(line_counts const& more) noexcept;
};

/// The lines whose ends are in one block of the file are one batch, or several where the file ended in between. So the
/// id of a line, (file, block, place of its end in the block), does not depend on when it was read. Lines that are
/// joined have the id of the last one. One thread.
class followed_file final {
  public:
    /// @param kept  where it is read on from, see open_at_position()
    followed_file(std::unique_ptr<file_content> content, file_position kept, event_options const& options);

    /// Reads up to the position that was kept. @return whether the content there is what was read before
    [[nodiscard]] result<bool> open_at_position();

    [[nodiscard]] result<read_step> read(batch& into, file_state state);
    /// The batch that was read last ended where the file did, not where a block does: it would not be cut there again
    /// by itself.
    [[nodiscard]] bool was_cut() const noexcept { return read_bytes_ % block_bytes != 0; }
    /// Its last event did not wait for the line after it: with that line there, it would be another event.
    [[nodiscard]] bool was_flushed() const noexcept { return was_flushed_; }
    /// Lines wait for those that belong to them, and need not after this time without any.
    [[nodiscard]] bool has_waited(std::chrono::steady_clock::duration idle) const noexcept {
        return !joiner_.is_empty() && idle >= options_.joins.timeout;
    }
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
    /// Of bytes that are in no event yet.
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
    void hash_to(std::uint64_t offset, std::string_view bytes);
    void end_line();
    void take_line(batch& into, lines::input_line const& line, std::uint64_t end, std::string_view bytes);
    void flush(batch& into);
    void append(batch& into, lines::input_line const& line, std::uint64_t end);
    [[nodiscard]] event_id id_at(std::uint64_t offset);
    [[nodiscard]] std::uint64_t read_limit() const;
    void finish(batch& into);
    void give(batch& into);

    std::unique_ptr<file_content> content_;
    file_position kept_;
    event_options const& options_;
    std::string origin_;
    std::string const tag_;
    lines::line_splitter splitter_;
    std::uint64_t splitter_begin_ = 0;  // where its first byte is in the file
    std::uint64_t read_bytes_ = 0;      // of the file: the splitter has them
    std::uint64_t line_end_ = 0;        // after the last line end among them
    content_hash hash_;
    content_position at_line_end_;
    line_joiner joiner_;
    content_position joined_to_;    // where the last of its lines ends
    std::uint64_t joined_end_ = 0;  // the same, as its id names it: a line end that may not be there yet
    bool was_flushed_ = false;
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
